/// Session: one HTTP/1.1 connection. One request at a time; what is pipelined waits in the buffer.
///
///     handshake ─▶ idle ─▶ header ─▶ body ─▶ handling ─▶ writing ─▶ idle, or linger ─▶ closed
///
/// Why        Every state has a deadline: a slow client holds a connection for a bounded time.
/// Threads    All members on the strand of the socket; start(), stop(), kill(), deliver: any.
/// Lifecycle  Owned by Shared::connections until closed, and by the operation under way.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "core.h"
#include "problem.h"

namespace laurel::gateway::internal {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

/// Delivers the reply to one request of a connection that may be gone. Any thread.
template <class SessionType>
Respond respond_to(const std::weak_ptr<Shared>& shared, const std::weak_ptr<SessionType>& session,
                   std::uint64_t request) {
  return [shared, session, request](Reply reply) {
    const auto alive = shared.lock();  // first: it outlives the session below
    if (!alive) return;
    if (const auto to = session.lock()) to->deliver(request, std::move(reply));
  };
}

/// `Derived` has: stream(), lowest() (the tcp_stream), handshake(), shut_down(then).
template <class Derived>
class Session : public Connection, public std::enable_shared_from_this<Derived> {
 public:
  explicit Session(std::weak_ptr<Shared> shared)
      : weak_(std::move(shared)), shared_(*weak_.lock()) {}

  void start() override {
    asio::dispatch(executor(), [self = this->shared_from_this()] { self->handshake(); });
  }
  void stop() override {
    asio::post(executor(), [self = this->shared_from_this()] {
      if (self->idle_) self->close();
    });
  }
  void kill() override {
    asio::post(executor(), [self = this->shared_from_this()] { self->close(); });
  }
  void deliver(std::uint64_t request, Reply reply) {
    asio::post(executor(),
               [self = this->shared_from_this(), request, reply = std::move(reply)]() mutable {
                 if (request == self->request_ && self->handling_) self->write(std::move(reply));
               });
  }

 protected:
  ~Session() override { release_body(); }

  /// The connection is ready: waits for the first byte of a request.
  void wait_for_request() {
    if (shared_.stopping) return close();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max));
    parser_->body_limit(boost::none);  // checked here, against the limit of the path
    keep_alive_ = true;
    if (buffer_.size() > 0) return read_header();
    idle_ = true;
    expire(shared_.options.idle_ms_max);
    self().stream().async_read_some(
        buffer_.prepare(4096),
        [me = this->shared_from_this()](beast::error_code error, std::size_t bytes) {
          me->idle_ = false;
          if (error) return me->close();
          me->buffer_.commit(bytes);
          me->read_header();
        });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    handling_ = false;
    timer_.reset();
    beast::error_code ignored;
    self().lowest().socket().close(ignored);
    shared_.remove(this->shared_from_this());
  }

  void expire(std::uint32_t ms) { self().lowest().expires_after(std::chrono::milliseconds(ms)); }

  bool closed_ = false;

  Shared& shared() { return shared_; }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  auto executor() { return self().lowest().get_executor(); }

  void read_header() {
    expire(shared_.options.header_ms_max);
    http::async_read_header(self().stream(), buffer_, *parser_,
                            [me = this->shared_from_this()](beast::error_code error, std::size_t) {
                              me->on_header(error);
                            });
  }

  void on_header(beast::error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse({431, "header-too-large",
                     "the header of a request may have " +
                         std::to_string(shared_.options.header_bytes_max) + " bytes"});
    }
    if (error == beast::error::timeout) {
      return refuse({408, "request-timeout", "the header of the request did not come in time"});
    }
    if (error && error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return refuse({400, "malformed-request", "this is not HTTP/1.1: " + error.message()});
    }
    if (error) return close();
    const auto& header = parser_->get();
    body_max_ =
        shared_.service->body_bytes_max(to_std(header.method_string()), to_std(header.target()));
    const auto length = parser_->content_length();
    if (length && *length > body_max_) return refuse_body();
    body_.clear();
    if (parser_->is_done()) return handle();
    scratch_ = std::make_unique<Scratch>();
    if (beast::iequals(header[http::field::expect], "100-continue")) return send_continue();
    read_body();
  }

  void send_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    expire(shared_.options.write_ms_max);
    asio::async_write(self().stream(), asio::buffer(kContinue.data(), kContinue.size()),
                      [me = this->shared_from_this()](beast::error_code error, std::size_t) {
                        if (error) return me->close();
                        me->read_body();
                      });
  }

  void read_body() {
    parser_->get().body().data = scratch_->data();
    parser_->get().body().size = scratch_->size();
    expire(shared_.options.body_ms_max);
    http::async_read(self().stream(), buffer_, *parser_,
                     [me = this->shared_from_this()](beast::error_code error, std::size_t) {
                       me->on_body(error);
                     });
  }

  void on_body(beast::error_code error) {
    if (error == http::error::need_buffer) error = {};
    if (error == beast::error::timeout) {
      return refuse({408, "request-timeout", "the body of the request did not come in time"});
    }
    if (error && error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return refuse({400, "malformed-request", "the body is not as announced: " + error.message()});
    }
    if (error) return close();
    const std::size_t bytes = scratch_->size() - parser_->get().body().size;
    if (bytes > body_max_ - body_.size()) return refuse_body();
    if (shared_.bodies_bytes.fetch_add(bytes) + bytes > shared_.options.bodies_bytes_max) {
      shared_.bodies_bytes.fetch_sub(bytes);
      return refuse({503, "overloaded", "too many bytes of requests are being read; retry later"});
    }
    reserved_ += bytes;
    body_.append(scratch_->data(), bytes);
    if (parser_->is_done()) return handle();
    read_body();
  }

  void handle() {
    scratch_.reset();
    self().lowest().expires_never();
    const auto& header = parser_->get();
    keep_alive_ = header.keep_alive();
    Request request;
    request.method = to_std(header.method_string());
    request.target = to_std(header.target());
    request.content_type = to_std(header[http::field::content_type]);
    request.body = std::move(body_);
    body_ = std::string();
    handling_ = true;
    ++request_;
    timer_.emplace(executor(), std::chrono::milliseconds(shared_.options.request_ms_max));
    timer_->async_wait([weak = this->weak_from_this(), number = request_](beast::error_code error) {
      const auto me = weak.lock();
      if (error || !me || me->request_ != number || !me->handling_) return;
      me->keep_alive_ = false;
      me->write(problem(Problem{503, "outcome-unknown",
                                "no outcome in time; send the request again: an event that was "
                                "applied is recognised"}));
    });
    auto respond = respond_to<Derived>(weak_, this->weak_from_this(), request_);
    asio::post(shared_.handlers, [service = shared_.service, request = std::move(request),
                                  respond = std::move(respond)]() mutable {
      service->handle(std::move(request), std::move(respond));
    });
  }

  void refuse_body() {
    refuse({413, "content-too-large",
            "the body of this request may have " + std::to_string(body_max_) + " bytes"});
  }

  /// Answers a request that was not read to its end: the connection cannot go on after it.
  void refuse(const Problem& what) {
    keep_alive_ = false;
    linger_ = true;
    write(problem(what));
  }

  void write(Reply reply) {
    handling_ = false;
    timer_.reset();
    scratch_.reset();
    if (closed_) return;
    if (shared_.stopping) keep_alive_ = false;
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(reply.status));
    response_.set(http::field::content_type, reply.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (!reply.allow.empty()) response_.set(http::field::allow, reply.allow);
    if (reply.retry_after_s) {
      response_.set(http::field::retry_after, std::to_string(*reply.retry_after_s));
    }
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(reply.body);
    response_.prepare_payload();
    expire(shared_.options.write_ms_max);
    http::async_write(self().stream(), response_,
                      [me = this->shared_from_this()](beast::error_code error, std::size_t) {
                        me->on_written(error);
                      });
  }

  void on_written(beast::error_code error) {
    response_ = {};
    release_body();
    if (error) return close();
    if (keep_alive_) return wait_for_request();
    expire(shared_.options.header_ms_max);
    self().shut_down([me = this->shared_from_this()] { me->after_shut_down(); });
  }

  /// What the client still sends is read for a while: closing on it would take the reply away from
  /// the client (RFC 9112, 9.6).
  void after_shut_down() {
    if (!linger_ || closed_) return close();
    scratch_ = std::make_unique<Scratch>();
    discard(1024);
  }

  void discard(int reads_left) {
    if (reads_left == 0) return close();
    self().lowest().async_read_some(
        asio::buffer(*scratch_),
        [me = this->shared_from_this(), reads_left](beast::error_code error, std::size_t) {
          if (error) return me->close();
          me->discard(reads_left - 1);
        });
  }

  void release_body() {
    shared_.bodies_bytes.fetch_sub(reserved_);
    reserved_ = 0;
  }

  static std::string to_std(beast::string_view text) { return {text.data(), text.size()}; }

  using Scratch = std::array<char, 64 * 1024>;

  std::weak_ptr<Shared> weak_;
  Shared& shared_;  // outlives this: see Shared
  beast::flat_buffer buffer_{96 * 1024};
  std::optional<http::request_parser<http::buffer_body>> parser_;
  http::response<http::string_body> response_;
  std::unique_ptr<Scratch> scratch_;
  std::string body_;
  std::size_t body_max_ = 0;
  std::size_t reserved_ = 0;
  std::optional<asio::steady_timer> timer_;
  std::uint64_t request_ = 0;
  bool idle_ = false;
  bool handling_ = false;
  bool keep_alive_ = true;
  bool linger_ = false;
};

}  // namespace laurel::gateway::internal
