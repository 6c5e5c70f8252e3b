# Every library of others, under one name: laurel_3p::<x>. A room says which of them it needs with
# THIRD_PARTY (its sources) or THIRD_PARTY_PUBLIC (its headers); tools/layers.toml says which it may.

find_package(Threads REQUIRED)

# laurel_third_party(<name> [HEADER h] [LIBS lib...] [DEFINES d...] [USE target...] [PACKAGE deb])
# makes laurel_3p::<name>; what is not found is an error that names the Debian package.
function(laurel_third_party name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;PACKAGE" "LIBS;DEFINES;USE")
  set(target laurel_3p_${name})
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  add_library(laurel_3p::${name} ALIAS ${target})
  set(missing "")
  if(arg_HEADER)
    find_path(LAUREL_3P_${name}_INCLUDE ${arg_HEADER})
    mark_as_advanced(LAUREL_3P_${name}_INCLUDE)
    if(LAUREL_3P_${name}_INCLUDE)
      target_include_directories(${target} SYSTEM INTERFACE "${LAUREL_3P_${name}_INCLUDE}")
    else()
      list(APPEND missing "${arg_HEADER}")
    endif()
  endif()
  foreach(lib IN LISTS arg_LIBS)
    find_library(LAUREL_3P_${name}_LIB_${lib} ${lib})
    mark_as_advanced(LAUREL_3P_${name}_LIB_${lib})
    if(LAUREL_3P_${name}_LIB_${lib})
      target_link_libraries(${target} INTERFACE "${LAUREL_3P_${name}_LIB_${lib}}")
    else()
      list(APPEND missing "lib${lib}")
    endif()
  endforeach()
  target_link_libraries(${target} INTERFACE ${arg_USE})
  target_compile_definitions(${target} INTERFACE ${arg_DEFINES})
  if(missing)
    list(JOIN missing ", " missing)
    message(FATAL_ERROR "${name}: ${missing} not found. Debian: apt-get install ${arg_PACKAGE}")
  endif()
endfunction()

find_program(LAUREL_PROTOC protoc)
if(NOT LAUREL_PROTOC)
  message(FATAL_ERROR "protoc not found. Debian: apt-get install protobuf-compiler")
endif()

# As archives the two cost some 6 % less CPU per wager: RocksDB touches its counters, which are per
# thread, at each comparison of keys, and from a shared library that is a call each time.
set(protobuf_libs protobuf)
set(rocksdb_libs rocksdb)
if(LAUREL_ARCHIVES)
  set(protobuf_libs libprotobuf.a z)
  set(rocksdb_libs librocksdb.a libsnappy.a liblz4.a libzstd.a libbz2.a z)
endif()
laurel_third_party(protobuf HEADER google/protobuf/message.h LIBS ${protobuf_libs}
                   USE Threads::Threads PACKAGE libprotobuf-dev)
laurel_third_party(rocksdb HEADER rocksdb/db.h LIBS ${rocksdb_libs} USE Threads::Threads
                   PACKAGE librocksdb-dev)
# Debian's RocksDB for amd64 computes the checksums of its log by table, 3 % of all CPU: calls of that go
# to runtime/adapters/rocksdb/src/log_checksum.cc, which uses the processor's instruction. Within an
# archive only: a shared library calls its own.
if(LAUREL_ARCHIVES AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # rocksdb::crc32c::Extend(unsigned, char const*, unsigned long)
  target_link_options(laurel_3p_rocksdb INTERFACE "LINKER:--wrap=_ZN7rocksdb6crc32c6ExtendEjPKcm")
  target_compile_definitions(laurel_3p_rocksdb INTERFACE LAUREL_WRAPS_ROCKSDB_CHECKSUM)
endif()
laurel_third_party(rdkafka HEADER librdkafka/rdkafka.h LIBS rdkafka USE Threads::Threads
                   PACKAGE librdkafka-dev)
laurel_third_party(caf HEADER caf/all.hpp LIBS caf_core USE Threads::Threads PACKAGE libcaf-dev)
laurel_third_party(boost HEADER boost/asio.hpp USE Threads::Threads PACKAGE libboost1.81-dev)
laurel_third_party(boost_json HEADER boost/json.hpp LIBS boost_json PACKAGE libboost-json1.81-dev)
laurel_third_party(spdlog HEADER spdlog/spdlog.h LIBS spdlog fmt USE Threads::Threads
                   DEFINES SPDLOG_SHARED_LIB SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL
                   PACKAGE libspdlog-dev)
laurel_third_party(simdjson HEADER simdjson.h LIBS simdjson USE Threads::Threads
                   DEFINES SIMDJSON_THREADS_ENABLED=1 PACKAGE libsimdjson-dev)
laurel_third_party(cli11 HEADER CLI/CLI.hpp PACKAGE libcli11-dev)
laurel_third_party(tomlplusplus HEADER toml++/toml.h DEFINES TOML_HEADER_ONLY=1
                   PACKAGE libtomlplusplus-dev)
laurel_third_party(csv HEADER csv.h LIBS csv PACKAGE libcsv-dev)
laurel_third_party(zlib HEADER zlib.h LIBS z PACKAGE zlib1g-dev)
laurel_third_party(openssl_crypto HEADER openssl/evp.h LIBS crypto PACKAGE libssl-dev)
laurel_third_party(openssl_ssl HEADER openssl/ssl.h LIBS ssl USE laurel_3p::openssl_crypto
                   PACKAGE libssl-dev)
laurel_third_party(prometheus HEADER prometheus/registry.h LIBS prometheus-cpp-core
                   USE Threads::Threads PACKAGE prometheus-cpp-dev)
laurel_third_party(date HEADER date/tz.h LIBS date-tz USE Threads::Threads
                   DEFINES USE_OS_TZDB=1 ONLY_C_LOCALE=1 HAS_STRING_VIEW=1
                   PACKAGE libhowardhinnant-date-dev)

if(LAUREL_JEMALLOC)
  laurel_third_party(jemalloc HEADER jemalloc/jemalloc.h LIBS jemalloc PACKAGE libjemalloc-dev)
endif()
if(LAUREL_TESTS)
  laurel_third_party(gtest HEADER gtest/gtest.h LIBS gtest USE Threads::Threads
                     PACKAGE libgtest-dev)
  laurel_third_party(gmock HEADER gmock/gmock.h LIBS gmock USE laurel_3p::gtest
                     PACKAGE libgmock-dev)
  laurel_third_party(gtest_main LIBS gtest_main USE laurel_3p::gtest PACKAGE libgtest-dev)
endif()
if(LAUREL_BENCH)
  laurel_third_party(benchmark HEADER benchmark/benchmark.h LIBS benchmark USE Threads::Threads
                     PACKAGE libbenchmark-dev)
  laurel_third_party(hiredis HEADER hiredis/hiredis.h LIBS hiredis PACKAGE libhiredis-dev)
endif()
