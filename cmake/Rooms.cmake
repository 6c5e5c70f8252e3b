# A room is a library with a small public surface. One function makes them all:
#
#   laurel_room(<name>
#     SOURCES            src/a.cc ...            empty: only headers (or only protos)
#     PROTOS             proto/laurel/x/a.proto  relative to this folder or to PROTO_ROOT
#     PROTO_ROOT         dir                     import root, default proto/
#     MAY_USE            laurel::a laurel::b     the other rooms it may include; public
#     THIRD_PARTY        laurel_3p::x ...        needed by its sources
#     THIRD_PARTY_PUBLIC laurel_3p::y ...        needed by its headers too
#     NO_SANITIZE_NULL)                          no null checks of UBSan in this room
#
# It makes the library `laurel_<name>`, alias `laurel::<name>`. Public headers are those under the
# calling folder's include/, private ones are in src/. Each public header must compile alone
# (target all_verify_interface_header_sets) and each room must link alone, whole, against only what
# it may use (target link_<name>), so that a dependency that is not declared is an error here and
# not hidden by the final program.
#
# A room whose public headers are elsewhere says HEADERS_ROOT and HEADERS (only the actors do).

# Adds each folder that exists and, when LAUREL_ONLY is set, is in it (or below one that is).
function(laurel_add_folders)
  foreach(folder IN LISTS ARGN)
    if(NOT EXISTS "${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt")
      continue()
    endif()
    if(LAUREL_ONLY)
      set(wanted OFF)
      foreach(only IN LISTS LAUREL_ONLY)
        string(FIND "${folder}/" "${only}/" at)
        if(folder STREQUAL only OR (only MATCHES "^(tests|actors)" AND at EQUAL 0))
          set(wanted ON)
        endif()
      endforeach()
      if(NOT wanted)
        continue()
      endif()
    endif()
    add_subdirectory("${CMAKE_SOURCE_DIR}/${folder}" "${CMAKE_BINARY_DIR}/rooms/${folder}")
  endforeach()
endfunction()

# Sets <out> to ON when all the targets exist. A missing one is an error, except when only a part of
# the tree is configured: then <who> is left out.
function(laurel_has_targets out who)
  set(${out} ON PARENT_SCOPE)
  foreach(target IN LISTS ARGN)
    if(NOT TARGET ${target})
      if(NOT LAUREL_ONLY)
        message(FATAL_ERROR "${who} uses ${target}, which does not exist (yet?). The order of the "
                            "rooms is in the top CMakeLists.txt; -DLAUREL_ONLY=... builds a part")
      endif()
      message(STATUS "left out: ${who} (no ${target} in this build)")
      set(${out} OFF PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Generates the C++ of the protos into the build tree and appends the sources to <out>.
function(laurel_generate_protos out name root import_dirs)
  set(gen "${CMAKE_BINARY_DIR}/generated/${name}")
  file(MAKE_DIRECTORY "${gen}")
  set(imports "-I${root}")
  foreach(dir IN LISTS import_dirs)
    if(NOT dir STREQUAL root)
      list(APPEND imports "-I${dir}")
    endif()
  endforeach()
  set(generated "")
  set(generated_options -w)
  if(LAUREL_SANITIZE MATCHES "address")
    list(APPEND generated_options -fno-sanitize=all)  # protobuf itself has none either
  endif()
  foreach(proto IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${proto}")
      set(file "${CMAKE_CURRENT_SOURCE_DIR}/${proto}")
    else()
      cmake_path(ABSOLUTE_PATH proto BASE_DIRECTORY "${root}" OUTPUT_VARIABLE file)
    endif()
    file(RELATIVE_PATH path "${root}" "${file}")
    if(path MATCHES "^\\.\\.")
      message(FATAL_ERROR "${name}: ${proto} is not below the proto root ${root}")
    endif()
    string(REGEX REPLACE "\\.proto$" "" stem "${path}")
    add_custom_command(
      OUTPUT "${gen}/${stem}.pb.cc" "${gen}/${stem}.pb.h"
      COMMAND "${LAUREL_PROTOC}" "--cpp_out=${gen}" "--dependency_out=${gen}/${stem}.pb.d"
              ${imports} "${file}"
      DEPENDS "${file}"
      DEPFILE "${gen}/${stem}.pb.d"
      COMMENT "protoc ${path}"
      VERBATIM)
    cmake_path(GET stem PARENT_PATH stem_dir)
    file(MAKE_DIRECTORY "${gen}/${stem_dir}")
    set_source_files_properties("${gen}/${stem}.pb.cc" PROPERTIES COMPILE_OPTIONS "${generated_options}"
                                SKIP_LINTING ON)
    list(APPEND generated "${gen}/${stem}.pb.cc" "${gen}/${stem}.pb.h")
  endforeach()
  set(${out} ${${out}} ${generated} PARENT_SCOPE)
endfunction()

function(laurel_room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_SANITIZE_NULL" "PROTO_ROOT;HEADERS_ROOT"
                        "SOURCES;PROTOS;HEADERS;MAY_USE;THIRD_PARTY;THIRD_PARTY_PUBLIC")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "laurel_room(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()
  laurel_has_targets(complete "room ${name}" ${arg_MAY_USE} ${arg_THIRD_PARTY}
                     ${arg_THIRD_PARTY_PUBLIC})
  if(NOT complete)
    return()
  endif()
  set(target laurel_${name})
  set(sources ${arg_SOURCES})

  # The import roots of a room are its own and those of all it may use.
  set(proto_dirs "")
  foreach(room IN LISTS arg_MAY_USE)
    get_target_property(aliased ${room} ALIASED_TARGET)
    if(aliased)
      set(room ${aliased})
    endif()
    get_target_property(dirs ${room} LAUREL_PROTO_DIRS)
    if(dirs)
      list(APPEND proto_dirs ${dirs})
    endif()
  endforeach()
  if(arg_PROTOS)
    if(NOT arg_PROTO_ROOT)
      set(arg_PROTO_ROOT proto)
    endif()
    cmake_path(ABSOLUTE_PATH arg_PROTO_ROOT BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    laurel_generate_protos(sources ${name} "${arg_PROTO_ROOT}" "${proto_dirs}" ${arg_PROTOS})
    list(PREPEND proto_dirs "${arg_PROTO_ROOT}")
    list(APPEND arg_THIRD_PARTY_PUBLIC laurel_3p::protobuf)
  endif()
  list(REMOVE_DUPLICATES proto_dirs)

  if(sources)
    add_library(${target} STATIC ${sources})
    set(public PUBLIC)
    target_link_libraries(${target} PRIVATE laurel_flags ${arg_THIRD_PARTY})
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
    if(arg_NO_SANITIZE_NULL AND LAUREL_SANITIZE MATCHES "undefined")
      target_compile_options(${target} PRIVATE -fno-sanitize=null)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(public INTERFACE)
  endif()
  add_library(laurel::${name} ALIAS ${target})
  target_compile_features(${target} ${public} cxx_std_20)
  target_link_libraries(${target} ${public} ${arg_MAY_USE} ${arg_THIRD_PARTY_PUBLIC})
  if(LAUREL_FAILPOINTS)
    target_compile_definitions(${target} INTERFACE LAUREL_FAILPOINTS=1)
  endif()
  set_target_properties(${target} PROPERTIES LAUREL_PROTO_DIRS "${proto_dirs}")
  if(arg_PROTOS)
    target_include_directories(${target} SYSTEM ${public} "${CMAKE_BINARY_DIR}/generated/${name}")
  endif()

  if(NOT arg_HEADERS_ROOT)
    set(arg_HEADERS_ROOT "${CMAKE_CURRENT_SOURCE_DIR}/include")
    file(GLOB_RECURSE arg_HEADERS CONFIGURE_DEPENDS "${arg_HEADERS_ROOT}/*.h")
  endif()
  if(arg_HEADERS)
    target_sources(${target} ${public} FILE_SET HEADERS BASE_DIRS "${arg_HEADERS_ROOT}"
                   FILES ${arg_HEADERS})
  endif()

  if(LAUREL_LINK_TESTS AND sources)
    set(main "${CMAKE_BINARY_DIR}/generated/link_main.cc")
    if(NOT EXISTS "${main}")
      file(WRITE "${main}" "int main() { return 0; }\n")
    endif()
    add_executable(link_${name} "${main}")
    target_link_libraries(link_${name} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>")
    target_link_options(link_${name} PRIVATE -Wl,--no-undefined)
    set_target_properties(link_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/link")
  endif()
endfunction()

# laurel_executable(<name> SOURCES ... USE laurel::x ... [THIRD_PARTY ...]): a program, put at
# build/<preset>/<name>, with jemalloc where the preset says so.
function(laurel_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USE;THIRD_PARTY")
  laurel_has_targets(complete "program ${name}" ${arg_USE} ${arg_THIRD_PARTY})
  if(NOT complete)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_compile_definitions(${name} PRIVATE LAUREL_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE laurel_flags)
  if(LAUREL_JEMALLOC)
    # First, and kept although nothing names it: it takes over malloc and free.
    target_link_options(${name} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(${name} PRIVATE laurel_3p::jemalloc)
    target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/node/src/heap_options.cc")
  endif()
  target_link_libraries(${name} PRIVATE ${arg_USE} ${arg_THIRD_PARTY})
endfunction()
