// A process to be killed: writes into a store without a log, and kills itself. A process of its own
// and not a fork: RocksDB's threads would not come along.
//
// usage: store_victim DIRECTORY WRITES
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "store_victim.h"

namespace laurel::testing {
namespace {

bool write(Store& store, int number) {
  rocksdb::WriteBatch batch;
  bool ok = true;
  for (const auto& [family, bytes] : kWritten) {
    std::string value = std::to_string(number);
    value.resize(std::max(bytes, value.size() + 1), ' ');
    ok = ok && batch.Put(store.family(family), "last", value).ok() &&
         batch.Put(store.family(family), "n" + std::to_string(number), value).ok();
  }
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  return ok && store.db().Write(without_log, &batch).ok();
}

}  // namespace
}  // namespace laurel::testing

int main(int argc, char** argv) {
  using namespace laurel::testing;  // NOLINT(google-build-using-namespace)
  if (argc != 3) return 2;
  const auto store = Store::open(options_of(argv[1]));
  if (!store.ok()) return 3;
  const int from = last_of(**store, Family::kState);
  for (int i = 1; i <= std::stoi(argv[2]); ++i) {
    if (!write(**store, from + i)) return 4;
  }
  static_cast<void>(::kill(::getpid(), SIGKILL));
}
