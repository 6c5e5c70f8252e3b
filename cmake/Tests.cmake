# Tests, fuzzers, benchmarks.
#
#   laurel_test(<name> SOURCES ... USE laurel::x ...
#               [LABELS unit|conformance|integration|chaos] [TIMEOUT s] [PRIVATE_INCLUDES dir...]
#               [NO_SANITIZE_NULL] [KAFKA])
#     A GoogleTest program with a main, and one ctest of its name. LABELS default unit, TIMEOUT 60.
#     KAFKA: beside a real broker. PRIVATE_INCLUDES: src/ of the room under test, for a test of what is private to it.
#   laurel_fuzzer(<name> SOURCES ... USE ... [CORPUS dir])
#     A libFuzzer program, and a ctest with the label fuzz that runs it for 10 s.
#   laurel_bench(<name> SOURCES ... USE ...)
#     The program build/bench/bench_<name>, with google-benchmark (and no main of it).

# What every test runs with: a sanitizer's finding ends it, with names in the stack.
find_program(LAUREL_SYMBOLIZER NAMES llvm-symbolizer-16 llvm-symbolizer)
set(symbolizer "")
if(LAUREL_SYMBOLIZER)
  set(symbolizer ":external_symbolizer_path=${LAUREL_SYMBOLIZER}")
endif()
set(suppressions "${CMAKE_SOURCE_DIR}/cmake")
set(LAUREL_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:strict_string_checks=1${symbolizer}"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1${symbolizer}"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${suppressions}/tsan.supp${symbolizer}"
    "LSAN_OPTIONS=suppressions=${suppressions}/lsan.supp:print_suppressions=0")

function(laurel_test name)
  if(NOT LAUREL_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_SANITIZE_NULL;KAFKA" "TIMEOUT"
                        "SOURCES;USE;LABELS;PRIVATE_INCLUDES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "laurel_test(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()
  laurel_has_targets(complete "test ${name}" ${arg_USE})
  if(NOT complete)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  math(EXPR timeout "${arg_TIMEOUT} * ${LAUREL_TEST_TIMEOUT_SCALE}")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE laurel_flags ${arg_USE} laurel_3p::gtest_main
                        laurel_3p::gmock laurel_3p::gtest)
  target_include_directories(${name} PRIVATE ${arg_PRIVATE_INCLUDES})
  if(arg_NO_SANITIZE_NULL AND LAUREL_SANITIZE MATCHES "undefined")
    target_compile_options(${name} PRIVATE -fno-sanitize=null)
  endif()
  target_compile_definitions(${name} PRIVATE LAUREL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${timeout}
                       ENVIRONMENT "${LAUREL_TEST_ENVIRONMENT}"
                       WORKING_DIRECTORY "${CMAKE_BINARY_DIR}")
  if(arg_KAFKA)
    laurel_needs_kafka(${name})
  endif()
endfunction()

# The test runs beside a broker, whose address is in the file LAUREL_KAFKA_FILE.
function(laurel_needs_kafka name)
  set(folder "${CMAKE_BINARY_DIR}/kafka")
  get_property(known GLOBAL PROPERTY LAUREL_KAFKA_TESTS)
  if(NOT known)
    set_property(GLOBAL PROPERTY LAUREL_KAFKA_TESTS ON)
    find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
    set(tool ${Python3_EXECUTABLE} -B "${CMAKE_SOURCE_DIR}/tools/kafka.py")
    add_test(NAME kafka_start COMMAND ${tool} start --dir "${folder}")
    add_test(NAME kafka_stop COMMAND ${tool} stop --dir "${folder}" --remove)
    set_tests_properties(kafka_start PROPERTIES FIXTURES_SETUP kafka TIMEOUT 600 LABELS kafka)
    set_tests_properties(kafka_stop PROPERTIES FIXTURES_CLEANUP kafka TIMEOUT 180 LABELS kafka)
  endif()
  set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED kafka)
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "LAUREL_KAFKA_FILE=${folder}/kafka.json")
endfunction()

function(laurel_fuzzer name)
  if(NOT LAUREL_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "SOURCES;USE;PRIVATE_INCLUDES")
  laurel_has_targets(complete "fuzzer ${name}" ${arg_USE})
  if(NOT complete)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE laurel_flags ${arg_USE})
  target_include_directories(${name} PRIVATE ${arg_PRIVATE_INCLUDES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  # What is found is written to the build tree; the corpus in the repository is only read.
  set(found "${CMAKE_BINARY_DIR}/fuzz/${name}.corpus")
  file(MAKE_DIRECTORY "${found}")
  set(corpus "")
  if(arg_CORPUS)
    cmake_path(ABSOLUTE_PATH arg_CORPUS BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE
               OUTPUT_VARIABLE corpus)
  endif()
  add_test(NAME ${name}
           COMMAND ${name} -max_total_time=10 -rss_limit_mb=2048 -print_final_stats=1
                   "-artifact_prefix=${CMAKE_BINARY_DIR}/fuzz/${name}-" "${found}" ${corpus})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120
                       ENVIRONMENT "${LAUREL_TEST_ENVIRONMENT}")
endfunction()

function(laurel_bench name)
  if(NOT LAUREL_BENCH)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USE;THIRD_PARTY;PRIVATE_INCLUDES")
  laurel_executable(bench_${name} SOURCES ${arg_SOURCES}
                    USE ${arg_USE} THIRD_PARTY ${arg_THIRD_PARTY} laurel_3p::benchmark)
  if(TARGET bench_${name})
    target_include_directories(bench_${name} PRIVATE ${arg_PRIVATE_INCLUDES})
  endif()
endfunction()
