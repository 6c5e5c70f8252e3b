#include "supervisor_actor.h"

#include <gtest/gtest.h>

#include <thread>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "shell.h"
#include "support/scripted_engine.h"

namespace laurel::adapters::internal {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

class Idle : public caf::event_based_actor {
 public:
  explicit Idle(caf::actor_config& actor) : caf::event_based_actor(actor) {}
  caf::behavior make_behavior() override {
    survive_strangers(*this);
    return {[](const Tick&) {}};
  }
};

struct SupervisorTest : ::testing::Test {
  SupervisorTest() {
    config.set("scheduler.policy", caf::atom("sharing"));
    system = std::make_unique<caf::actor_system>(config);
    watched = system->spawn<Idle>();
    supervisor = system->spawn<SupervisorActor>(
        shared, std::map<caf::actor_addr, std::string>{{watched.address(), "partition 3"}});
  }
  ~SupervisorTest() override {
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(watched, caf::exit_reason::user_shutdown);
    supervisor = nullptr;
    watched = nullptr;
  }
  std::string failure() const {
    const std::lock_guard lock(shared->mutex);
    return shared->failure;
  }

  testing::ScriptedEngine engine{std::make_shared<testing::ScriptedDisk>(1)};
  runtime::ActorRegistry registry{{}};
  OpenSslHasher hasher;
  // An aggregate, and neither copied nor moved. NOLINTNEXTLINE(modernize-make-shared)
  std::shared_ptr<Shared> shared{new Shared{engine, registry, hasher, nullptr, {}}};
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::actor watched, supervisor;
};

TEST_F(SupervisorTest, AnActorThatEndsBeforeItsTimeFailsTheNodeByName) {
  caf::anon_send_exit(watched, caf::exit_reason::kill);
  for (int i = 0; i < 1000 && failure().empty(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_NE(failure().find("partition 3 ended"), std::string::npos) << failure();
}

TEST_F(SupervisorTest, AnActorThatIsToldToEndIsNoFailure) {
  caf::anon_send_exit(watched, caf::exit_reason::user_shutdown);
  {
    const caf::scoped_actor self(*system);
    self->wait_for(watched);
  }
  std::this_thread::sleep_for(50ms);  // the message of its end is on its way
  EXPECT_EQ(failure(), "");
}

}  // namespace
}  // namespace laurel::adapters::internal
