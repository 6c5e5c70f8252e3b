/// FaultyFileSystem: the machine's file system, with faults on RocksDB's log of writes.
///
///     FaultyFileSystem faults;
///     options.store.env = faults.env();
///     faults.fail(FaultyFileSystem::Fault::kDiskFull);   // from now on
///     faults.cut_power();      // engine gone: what was written but never synced is lost
///
/// Threads    Any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace laurel::testing {

class FaultyFileSystem {
 public:
  enum class Fault {
    kNone,
    kDiskFull,    ///< a write fails, nothing of it is written
    kWriteError,  ///< EIO, nothing of it is written
    kSyncError,   ///< the write is there, its sync fails
  };

  FaultyFileSystem()
      : state_(std::make_shared<State>()),
        env_(rocksdb::NewCompositeEnv(std::make_shared<FileSystem>(state_))) {}

  rocksdb::Env* env() { return env_.get(); }
  void fail(Fault fault) { state_->fault = fault; }
  std::uint64_t syncs() const { return state_->syncs; }
  /// Each sync takes so long from now on: a disk that does not keep up.
  void slow_down(std::chrono::milliseconds sync) { state_->sync_ms = sync.count(); }

  /// REQUIRES: no engine uses it.
  void cut_power() {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [path, synced] : state_->synced_bytes) {
      if (std::filesystem::exists(path) && std::filesystem::file_size(path) > synced) {
        std::filesystem::resize_file(path, synced);
      }
    }
    state_->synced_bytes.clear();
  }

 private:
  struct State {
    std::atomic<Fault> fault = Fault::kNone;
    std::atomic<std::uint64_t> syncs = 0;
    std::atomic<std::int64_t> sync_ms = 0;
    std::mutex mutex;
    std::map<std::string, std::uint64_t> synced_bytes;
  };

  class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    LogFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
            std::shared_ptr<State> state)
        : FSWritableFileOwnerWrapper(std::move(file)),
          path_(std::move(path)),
          state_(std::move(state)) {
      remember(0);
    }

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (rocksdb::IOStatus status = write_fault(); !status.ok()) return status;
      written_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& verification,
                             rocksdb::IODebugContext* debug) override {
      if (rocksdb::IOStatus status = write_fault(); !status.ok()) return status;
      written_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      return synced(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      return synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

   private:
    rocksdb::IOStatus write_fault() const {
      switch (state_->fault) {
        case Fault::kDiskFull:
          return rocksdb::IOStatus::NoSpace("No space left on device");
        case Fault::kWriteError:
          return rocksdb::IOStatus::IOError("Input/output error");
        default:
          return rocksdb::IOStatus::OK();
      }
    }
    rocksdb::IOStatus synced(rocksdb::IOStatus status) {
      if (state_->fault == Fault::kSyncError) {
        return rocksdb::IOStatus::IOError("Input/output error");
      }
      if (const auto ms = state_->sync_ms.load(); ms > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      }
      ++state_->syncs;
      if (status.ok()) remember(written_);
      return status;
    }
    void remember(std::uint64_t bytes) {
      const std::lock_guard lock(state_->mutex);
      state_->synced_bytes[path_] = bytes;
    }

    const std::string path_;
    const std::shared_ptr<State> state_;
    std::uint64_t written_ = 0;
  };

  class FileSystem final : public rocksdb::FileSystemWrapper {
   public:
    explicit FileSystem(std::shared_ptr<State> state)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
    const char* Name() const override { return "LaurelFaultyFileSystem"; }

    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
      if (status.ok() && path.ends_with(".log")) {
        *file = std::make_unique<LogFile>(std::move(*file), path, state_);
      }
      return status;
    }

   private:
    const std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace laurel::testing
