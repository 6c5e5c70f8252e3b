#include "http_channel.h"

namespace laurel::console {
namespace {

class PlainChannel final : public BasicChannel<PlainChannel, beast::tcp_stream> {
 public:
  static std::unique_ptr<beast::tcp_stream> make_stream(asio::io_context& io) {
    return std::make_unique<beast::tcp_stream>(io);
  }
  template <class Done>
  static void async_handshake(beast::tcp_stream& stream, Done done) {
    asio::post(stream.get_executor(), [done]() mutable { done(beast::error_code()); });
  }
};

}  // namespace

std::unique_ptr<Channel> make_plain_channel() { return std::make_unique<PlainChannel>(); }

}  // namespace laurel::console
