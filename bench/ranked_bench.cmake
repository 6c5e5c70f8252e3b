# include()d by bench/CMakeLists.txt.
laurel_bench(ranked
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/ranked_bench.cc" "${CMAKE_CURRENT_LIST_DIR}/ranked_laurel.cc"
          "${CMAKE_CURRENT_LIST_DIR}/ranked_containers.cc" "${CMAKE_CURRENT_LIST_DIR}/ranked_redis.cc"
  USE laurel::ranked laurel::adapter_memory THIRD_PARTY laurel_3p::boost laurel_3p::hiredis laurel_3p::jemalloc laurel_3p::cli11)
