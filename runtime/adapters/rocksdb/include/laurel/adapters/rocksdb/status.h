/// Translation of rocksdb::Status, once, at the edge.
#pragma once

#include <string_view>

#include "laurel/runtime/errors.h"

namespace rocksdb {
class Status;
}

namespace laurel::adapters {

/// Of a read or write on an open store: always kStoreFailed. `doing` says what was tried.
runtime::Error store_error(const rocksdb::Status& status, std::string_view doing);
/// Of opening one: kDataDirInUse, kDataDirForeign, kDataLost, kStoreFailed.
runtime::Error open_error(const rocksdb::Status& status, std::string_view path);

}  // namespace laurel::adapters
