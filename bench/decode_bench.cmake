# include()d by bench/CMakeLists.txt.
laurel_bench(decode SOURCES "${CMAKE_CURRENT_LIST_DIR}/decode_bench.cc"
             USE laurel::adapter_formats laurel::runtime laurel::contract)
