/// TempDir: a directory of one test, removed with all that is in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "laurel/runtime/errors.h"

namespace laurel::testing {

class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "laurel-test-XXXXXX").string()) {
    LAUREL_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace laurel::testing
