/// What store_victim.cc writes into a store without a log, and store_crash_test.cc looks for: write
/// n puts "last" = n and a key "n<n>" into each of these families.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <string>

#include "laurel/adapters/rocksdb/store.h"

namespace laurel::testing {

using adapters::Family;
using adapters::Store;
using adapters::StoreOptions;

// Of very different sizes, so that each would be flushed at another time.
inline constexpr struct {
  Family family;
  std::size_t bytes;
} kWritten[] = {{Family::kJournal, 4000}, {Family::kState, 300}, {Family::kMeta, 8}};

inline StoreOptions options_of(const std::string& path) {
  StoreOptions options;
  options.path = path;
  options.create = true;
  options.log = false;
  options.cache_bytes = std::size_t{64} << 20;
  options.memtable_bytes = std::size_t{256} << 10;
  return options;
}

inline int last_of(const Store& store, Family family) {
  std::string value;
  const auto status = store.db().Get(rocksdb::ReadOptions(), store.family(family), "last", &value);
  return status.ok() ? std::stoi(value) : 0;
}

}  // namespace laurel::testing
