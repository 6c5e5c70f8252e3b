// What jemalloc is told, in programs that are linked with it (cmake/Rooms.cmake). Whoever starts
// the program can say otherwise: MALLOC_CONF (jemalloc(3)).
//
// Actors in memory lie all over the heap and each is used once in a while, so every look at one
// missed the processor's table of pages: pages of 2 MiB, where the kernel gives them. Memory that
// was freed stays for a minute: what is given back by 4 KiB breaks them up, and is asked for again
// by the next commit. A thread of jemalloc gives it back, whether or not the program is busy. Large
// pieces stay, too, and there are fewer arenas, each with a minute's worth of its own.
// docs/adr/0015.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "thp:always,metadata_thp:always,dirty_decay_ms:60000,background_thread:true,"
    "oversize_threshold:0,narenas_ratio:2";
}
