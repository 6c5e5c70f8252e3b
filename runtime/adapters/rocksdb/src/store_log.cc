#include "store_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <utility>

namespace laurel::adapters::internal {
namespace {

constexpr long kBytesMax = 4L << 20;
constexpr std::size_t kLineBytesMax = 4096;

class StoreLog final : public rocksdb::Logger {
 public:
  explicit StoreLog(std::string path)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), path_(std::move(path)) {
    if (!path_.empty()) begin();
  }
  ~StoreLog() override { end(); }
  StoreLog(const StoreLog&) = delete;
  StoreLog& operator=(const StoreLog&) = delete;

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, kLineBytesMax> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::array<char, 32> now{};
    const std::time_t seconds = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(now.data(), now.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    const std::lock_guard lock(mutex_);
    if (file_ == nullptr) return;
    // A line that cannot be written is gone: what matters of it is in the status of the call.
    if (std::fprintf(file_, "%s %s\n", now.data(), line.data()) < 0 || std::fflush(file_) != 0) {
      std::clearerr(file_);
    }
    if (std::ftell(file_) > kBytesMax) {
      end();
      begin();
    }
  }

 private:
  void begin() {
    static_cast<void>(std::rename(path_.c_str(), (path_ + ".old").c_str()));
    file_ = std::fopen(path_.c_str(), "we");
  }
  void end() {
    if (file_ != nullptr) static_cast<void>(std::fclose(file_));
    file_ = nullptr;
  }

  const std::string path_;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_store_log(const std::string& folder) {
  return std::make_shared<StoreLog>(folder.empty() ? "" : folder + "/LOG");
}

}  // namespace laurel::adapters::internal
