#include "laurel/adapters/rocksdb/status.h"

#include <rocksdb/status.h>

#include <string>

namespace laurel::adapters {
namespace {

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

runtime::Error store_error(const rocksdb::Status& status, std::string_view doing) {
  std::string message = "the store failed while " + std::string(doing) + ": " + status.ToString();
  if (status.IsNoSpace() || mentions(message, "No space left")) {
    message += "; free space on the disk and start again";
  } else if (status.IsCorruption()) {
    message += "; a file of the data directory is damaged: restore it, or the whole directory";
  } else {
    message += "; the store is not written again, start again once the cause is gone";
  }
  return {runtime::ErrorCode::kStoreFailed, std::move(message)};
}

runtime::Error open_error(const rocksdb::Status& status, std::string_view path) {
  const std::string text = status.ToString();
  const std::string where = "cannot open the database in " + std::string(path) + ": " + text;
  if (status.IsCorruption()) {
    return {runtime::ErrorCode::kDataLost,
            where + "; acknowledged data is damaged or gone: restore the directory from a backup"};
  }
  if (status.IsIOError() && (mentions(text, "lock hold by current process") ||
                             mentions(text, "Resource temporarily unavailable"))) {
    return {runtime::ErrorCode::kDataDirInUse, where};
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return {runtime::ErrorCode::kDataDirForeign, where};
  }
  return {runtime::ErrorCode::kStoreFailed, where};
}

}  // namespace laurel::adapters
