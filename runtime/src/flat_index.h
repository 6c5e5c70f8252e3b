/// FlatIndex: finds objects by a name that they hold themselves. Open addressing, so that a look
/// costs one place in memory and the object, and adding allocates nothing most of the time.
///
/// Lifecycle  Holds pointers: objects stay where they are, and their names as they are, until they
///            are erased. Never shrinks but by clear(), which keeps a table of
///            about the size that was needed, and a small one when none was.
/// Threads    One.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "hashed_name.h"
#include "laurel/runtime/prefetch.h"

namespace laurel::runtime::internal {

/// `Name` gives the name of a T: a function object over const T&.
template <class T, class Name>
class FlatIndex {
 public:
  T* find(const HashedName& name) const {
    if (count_ == 0) return nullptr;
    for (std::size_t at = name.hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.object == nullptr) return nullptr;
      if (slot.hash == name.hash && Name()(*slot.object) == name.text) return slot.object;
    }
  }

  /// Asks for the memory of a look that comes soon.
  void prefetch(std::size_t hash) const {
    if (count_ > 0) prefetch_lines(&slots_[hash & mask()], 1);
  }
  /// What find() will most likely give, with no look at the object itself.
  T* likely(std::size_t hash) const {
    if (count_ == 0) return nullptr;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.object == nullptr || slot.hash == hash) return slot.object;
    }
  }

  /// REQUIRES: none of that name is there.
  void add(T* object) { add(object, HashedName(Name()(*object)).hash); }
  /// REQUIRES: `hash` is that of its name, too.
  void add(T* object, std::size_t hash) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    put({hash, object});
    ++count_;
  }

  /// REQUIRES: it is there.
  void erase(const T* object) {
    std::size_t at = HashedName(Name()(*object)).hash & mask();
    while (slots_[at].object != object) at = (at + 1) & mask();
    // What follows moves up, unless it stands where it belongs: no marks of what is gone are left.
    for (std::size_t next = (at + 1) & mask(); slots_[next].object != nullptr;
         next = (next + 1) & mask()) {
      const std::size_t home = slots_[next].hash & mask();
      if (((next - home) & mask()) < ((next - at) & mask())) continue;
      slots_[at] = slots_[next];
      at = next;
    }
    slots_[at] = {};
    --count_;
  }

  template <class Each>
  void each(Each use) const {
    for (const Slot& slot : slots_) {
      if (slot.object != nullptr) use(*slot.object);
    }
  }

  void clear() {
    if (count_ == 0) {
      if (slots_.size() > kSmall)
        slots_ = std::vector<Slot>();  // else: whatever was erased has left nothing
      return;
    }
    if (slots_.size() > kSmall && slots_.size() / 8 > count_) {
      slots_ = std::vector<Slot>(std::max(kSmall, std::bit_ceil(count_ * 2)));
    } else {
      slots_.assign(slots_.size(), Slot());
    }
    count_ = 0;
  }
  std::size_t size() const { return count_; }
  /// Places in the table.
  std::size_t slots() const { return slots_.size(); }

 private:
  static constexpr std::size_t kSmall = 2048;  // slots
  struct Slot {
    std::size_t hash = 0;
    T* object = nullptr;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].object != nullptr) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.object != nullptr) put(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, or none
  std::size_t count_ = 0;
};

}  // namespace laurel::runtime::internal
