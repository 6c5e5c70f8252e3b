#include "high_water.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "laurel/adapters/disk/checksum.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"

namespace laurel::adapters::internal {
namespace {

constexpr std::string_view kMagic = "LRLHIGHW";
constexpr std::uint32_t kVersion = 1;
constexpr unsigned kSlots = 3;
constexpr std::size_t kSlotAlignment = 4096;
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 2;
constexpr std::size_t kChecksumBytes = 4;

struct Slot {
  std::uint64_t generation = 0;
  std::vector<runtime::CommitNumber> last_commits;
};

std::size_t slot_bytes(std::size_t partitions) {
  const std::size_t used = kHeaderBytes + 8 * partitions + kChecksumBytes;
  return (used + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment;
}

void encode_slot(std::uint64_t generation, const std::vector<runtime::CommitNumber>& last_commits,
                 std::string& out) {
  out.clear();
  Writer writer(out);
  out.append(kMagic);
  writer.u32(kVersion);
  writer.u64(generation);
  writer.u16(static_cast<std::uint16_t>(last_commits.size()));
  for (const runtime::CommitNumber number : last_commits) writer.u64(number);
  writer.u32(crc32c(out));
}

std::optional<Slot> decode_slot(std::string_view bytes, std::uint16_t partitions) {
  Reader reader(bytes);
  if (reader.take(kMagic.size()) != kMagic || reader.u32() != kVersion) return std::nullopt;
  Slot slot;
  slot.generation = reader.u64();
  if (reader.u16() != partitions) return std::nullopt;
  for (std::uint16_t i = 0; i < partitions; ++i) slot.last_commits.push_back(reader.u64());
  const std::uint32_t expected = reader.u32();
  const std::size_t covered = kHeaderBytes + 8 * std::size_t{partitions};
  if (!reader.ok() || crc32c(bytes.substr(0, covered)) != expected) return std::nullopt;
  return slot;
}

/// The newest whole slot and its number.
std::optional<std::pair<unsigned, Slot>> newest(const std::string& bytes,
                                                std::uint16_t partitions) {
  std::optional<std::pair<unsigned, Slot>> best;
  const std::size_t size = slot_bytes(partitions);
  for (unsigned i = 0; i < kSlots; ++i) {
    if (bytes.size() < i * size) break;
    std::optional<Slot> slot =
        decode_slot(std::string_view(bytes).substr(i * size, size), partitions);
    if (slot && (!best || slot->generation > best->second.generation)) {
      best.emplace(i, std::move(*slot));
    }
  }
  return best;
}

}  // namespace

runtime::Status HighWater::create(const std::string& path,
                                  const std::vector<runtime::CommitNumber>& last_commits) {
  std::string bytes;
  encode_slot(1, last_commits, bytes);
  // All of the file exists from the start: a full disk cannot stop record().
  bytes.resize(kSlots * slot_bytes(last_commits.size()), '\0');
  return write_file_durably(path, bytes);
}

std::optional<std::vector<runtime::CommitNumber>> HighWater::read(const std::string& path,
                                                                  std::uint16_t partitions) {
  const std::optional<std::string> bytes = read_file(path);
  if (!bytes) return std::nullopt;
  auto best = newest(*bytes, partitions);
  if (!best) return std::nullopt;
  return std::move(best->second.last_commits);
}

runtime::Result<std::unique_ptr<HighWater>> HighWater::open(const std::string& path,
                                                            std::uint16_t partitions) {
  const std::optional<std::string> bytes = read_file(path);
  auto best = bytes ? newest(*bytes, partitions) : std::nullopt;
  LAUREL_ASSERT(best.has_value());
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return system_error("opening", path);
  // The newest slot stays as it is until another one has been synced.
  const unsigned slot = (best->first + 1) % kSlots;
  return std::unique_ptr<HighWater>(
      new HighWater(file, std::move(best->second.last_commits), best->second.generation, slot));
}

HighWater::HighWater(int file, std::vector<runtime::CommitNumber> last_commits,
                     std::uint64_t generation, unsigned slot)
    : file_(file), last_commits_(std::move(last_commits)), generation_(generation), slot_(slot) {}

HighWater::~HighWater() { ::close(file_); }

runtime::Status HighWater::record(
    const std::vector<std::pair<runtime::PartitionId, runtime::CommitNumber>>& commits) {
  const std::lock_guard lock(mutex_);
  for (const auto& [partition, number] : commits) {
    last_commits_[partition] = std::max(last_commits_[partition], number);
  }
  encode_slot(++generation_, last_commits_, buffer_);
  const auto at = static_cast<off_t>(slot_ * slot_bytes(last_commits_.size()));
  dirty_ = true;
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t n = ::pwrite(file_, buffer_.data() + written, buffer_.size() - written,
                               at + static_cast<off_t>(written));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error("writing", "high-water");
    written += static_cast<std::size_t>(n);
  }
  return {};
}

runtime::Status HighWater::sync() {
  const std::lock_guard one_at_a_time(sync_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (!dirty_) return {};
    dirty_ = false;
    // What is recorded while this slot goes to the disk goes to the next one.
    slot_ = (slot_ + 1) % kSlots;
  }
  if (::fdatasync(file_) != 0) return system_error("syncing", "high-water");
  return {};
}

}  // namespace laurel::adapters::internal
