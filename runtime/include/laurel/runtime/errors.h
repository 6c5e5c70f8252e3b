/// Result and ErrorCode: how rooms report what went wrong. No exception crosses a room.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace laurel::runtime {

/// A code exists only where a caller can react to it. One page each in docs/errors/.
enum class ErrorCode {
  kOverloaded,      ///< retry later: a bounded queue is full
  kUnavailable,     ///< retry: starting, stopping or handing over
  kInvalidInput,    ///< reject: the caller's input is wrong; the message says where
  kNotFound,        ///< reject: there is no such thing
  kConfigInvalid,   ///< fatal: configuration or catalog; file, line, key and what is allowed
  kDataDirInUse,    ///< fatal: another process owns the data directory
  kDataDirForeign,  ///< fatal: the directory is of another node, format or version
  kDataLost,        ///< fatal: the store is behind what was acknowledged
  kStoreFailed,     ///< stop owning: the disk or the store refused
  kFenced,          ///< stop owning: a higher epoch has taken over
  kOutcomeUnknown,  ///< take over again to learn whether the commit happened
  kInternal,        ///< a bug of ours
};

/// kebab-case name of the code, as in docs/errors/.
const char* name_of(ErrorCode code);

// NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign)
struct [[nodiscard]] Error {
  // The analyzer loses track of a moved std::variant and takes this for unset.
  ErrorCode code = ErrorCode::kInternal;  // NOLINT(clang-analyzer-core.uninitialized.Assign)
  std::string message;                    ///< what happened, where, what to do
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : value_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return std::get<0>(value_); }
  const T& value() const { return std::get<0>(value_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(value_); }

 private:
  std::variant<T, Error> value_;
};

/// Nothing, or an error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

namespace internal {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
}

}  // namespace laurel::runtime

/// Stays on in release: a broken invariant must not reach the store.
#define LAUREL_ASSERT(expression) \
  (static_cast<bool>(expression)  \
       ? static_cast<void>(0)     \
       : ::laurel::runtime::internal::assert_failed(#expression, __FILE__, __LINE__))
