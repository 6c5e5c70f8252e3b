# How our own code is compiled: the language, the warnings, the sanitizers, the linker, ccache.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
# Programs are position independent as Debian's compilers make them by default (-fPIE). -fPIC is for
# shared libraries: what is in one could be replaced, so nothing of it may be inlined.

find_program(LAUREL_CCACHE ccache)
if(LAUREL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LAUREL_CCACHE}")
endif()

find_program(LAUREL_MOLD mold)
find_program(LAUREL_LLD NAMES ld.lld ld.lld-16)
if(LAUREL_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LAUREL_LLD AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_link_options(-fuse-ld=lld)
endif()

set(LAUREL_IS_CLANG OFF)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  set(LAUREL_IS_CLANG ON)
endif()
if(LAUREL_FUZZ AND NOT LAUREL_IS_CLANG)
  message(FATAL_ERROR "LAUREL_FUZZ needs clang: use the preset asan or fuzz")
endif()

# The sanitizers see all code that is compiled here, tests too, so they are not in laurel_flags; in asan
# what protoc generates is left out (Rooms.cmake).
if(LAUREL_SANITIZE)
  add_compile_options(-fsanitize=${LAUREL_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LAUREL_SANITIZE})
endif()
if(LAUREL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# What every file of ours is compiled with, and no file of others.
add_library(laurel_flags INTERFACE)
target_compile_features(laurel_flags INTERFACE cxx_std_20)
target_compile_options(laurel_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  # Options structs are filled with designated initializers; their defaults are the point.
  -Wno-missing-field-initializers
  # g++ 12 reports these in the standard library's own inlined code (gcc bugs 105651, 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=array-bounds>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overread>
  # Part of -Wconversion for clang, not for g++: the stricter of the two is not the house rule.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)
if(LAUREL_FAILPOINTS)
  target_compile_definitions(laurel_flags INTERFACE LAUREL_FAILPOINTS=1)
endif()
