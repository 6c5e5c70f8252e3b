// A real Redis: a server of its own on a unix socket in a folder of its own, nothing written to
// disk, ZADD and ZREVRANK pipelined by 256.
#include <hiredis/hiredis.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include "ranked_contender.h"

namespace laurel::bench {
namespace {

constexpr std::size_t kPipelined = 256;
constexpr const char* kKey = "board";
constexpr std::size_t kKeyBytes = 5;

// Debian's redis-check-rdb and redis-server are one program, which goes by the name it is called.
const char* server_program() {
  for (const char* path : {"/usr/bin/redis-server", "/usr/bin/redis-check-rdb"}) {
    if (access(path, X_OK) == 0) return path;
  }
  throw std::runtime_error("no redis-server; apt-get install redis-tools");
}

class Server {
 public:
  Server() {
    std::string name =
        (std::filesystem::temp_directory_path() / "laurel-bench-redis-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    std::vector<std::string> words = {"redis-server", "--port",      "0",  "--unixsocket",
                                      socket(),       "--save",      "",   "--appendonly",
                                      "no",           "--dir",       name, "--logfile",
                                      name + "/log",  "--daemonize", "no"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (posix_spawn(&process_, server_program(), nullptr, nullptr, arguments.data(), environ) !=
        0) {
      throw std::runtime_error("cannot start redis-server");
    }
  }
  ~Server() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string socket() const { return (folder_ / "socket").string(); }

 private:
  std::filesystem::path folder_;
  pid_t process_ = 0;
};

class Redis final : public Contender {
 public:
  Redis() {
    for (int attempt = 0; attempt < 500; ++attempt) {
      context_ = redisConnectUnix(server_.socket().c_str());
      if (context_ != nullptr && context_->err == 0) return;
      if (context_ != nullptr) redisFree(context_);
      context_ = nullptr;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("redis-server does not answer");
  }
  ~Redis() override {
    if (context_ != nullptr) redisFree(context_);
  }
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  std::string name() const override { return "Redis, pipelined by 256"; }

  void load(const Members& members) override {
    members_ = &members;
    const std::size_t before = used_memory();
    for (std::size_t at = 0; at < members.list.size(); at += kPipelined) {
      const std::size_t end = std::min(at + kPipelined, members.list.size());
      for (std::size_t i = at; i < end; ++i) append_add(members.id(i), members.list[i].score);
      for (std::size_t i = at; i < end; ++i) next_number();
    }
    bytes_ = used_memory() - before;
  }

  std::uint64_t run(std::span<const Update> updates) override {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < updates.size(); at += kPipelined) {
      const std::size_t end = std::min(at + kPipelined, updates.size());
      for (std::size_t i = at; i < end; ++i) {
        append_add(members_->id(updates[i].member), updates[i].score);
        append_rank(members_->id(updates[i].member));
      }
      for (std::size_t i = at; i < end; ++i) {
        next_number();
        sum += next_number();
      }
    }
    return sum;
  }

  std::uint64_t rank(std::uint32_t member) override {
    append_rank(members_->id(member));
    return next_number();
  }
  std::size_t bytes() override { return bytes_; }
  double cpu_seconds() override {
    return info("cpu", "used_cpu_user:") + info("cpu", "used_cpu_sys:");
  }

 private:
  void append_add(const MemberId& id, std::int64_t score) {
    char text[24];
    const int length = std::snprintf(text, sizeof(text), "%lld", static_cast<long long>(score));
    const char* words[] = {"ZADD", kKey, text, id.data()};
    const std::size_t lengths[] = {4, kKeyBytes, static_cast<std::size_t>(length), id.size()};
    redisAppendCommandArgv(context_, 4, words, lengths);
  }
  void append_rank(const MemberId& id) {
    const char* words[] = {"ZREVRANK", kKey, id.data()};
    const std::size_t lengths[] = {8, kKeyBytes, id.size()};
    redisAppendCommandArgv(context_, 3, words, lengths);
  }
  std::uint64_t next_number() {
    void* raw = nullptr;
    if (redisGetReply(context_, &raw) != REDIS_OK) throw std::runtime_error("redis: no reply");
    auto* reply = static_cast<redisReply*>(raw);
    if (reply->type != REDIS_REPLY_INTEGER) throw std::runtime_error("redis: not a number");
    const auto out = static_cast<std::uint64_t>(reply->integer);
    freeReplyObject(raw);
    return out;
  }
  std::size_t used_memory() { return static_cast<std::size_t>(info("memory", "used_memory:")); }
  double info(const char* section, const std::string& field) {
    auto* reply = static_cast<redisReply*>(redisCommand(context_, "INFO %s", section));
    if (reply == nullptr || reply->type != REDIS_REPLY_STRING) {
      throw std::runtime_error("redis: no INFO");
    }
    const std::string text(reply->str, reply->len);
    freeReplyObject(reply);
    const auto at = text.find(field);
    if (at == std::string::npos) throw std::runtime_error("redis: no " + field + " in INFO");
    return std::stod(text.substr(at + field.size()));
  }

  Server server_;
  redisContext* context_ = nullptr;
  const Members* members_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Contender> make_redis() { return std::make_unique<Redis>(); }

}  // namespace laurel::bench
