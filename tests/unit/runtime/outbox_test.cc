// What the outbox packs, as protobuf reads it and as the inbox does.
#include "outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inbox_chunk.h"
#include "laurel/runtime/inbox.pb.h"
#include "support/golden.h"

namespace laurel::runtime::internal {
namespace {

Origin origin(std::string_view event) {
  Origin out;
  out.cause = {event, "laurel.wager.settled.v1", "p1", "urn:s", 0};
  out.now = 5;
  out.seed = {7, 9};
  return out;
}

std::string latest(const ActorId& from, const ActorId& to, std::string_view type) {
  std::string out = "what was there before";
  latest_name_of({from, to, type}, out);
  return out;
}

std::vector<InboxChunk> chunks(const Commit& commit) {
  std::vector<InboxChunk> out;
  for (const InboxRecord& record : commit.inbox) {
    EXPECT_TRUE(out.emplace_back().ParseFromString(record.value));
    EXPECT_LE(record.value.size(), kChunkBytesMax);
    ChunkView view;
    view.bytes = record.value;
    EXPECT_TRUE(view.open());
    EXPECT_EQ(view.causes.size(), static_cast<std::size_t>(out.back().causes_size()));
    EXPECT_EQ(view.messages.size(), static_cast<std::size_t>(out.back().messages_size()));
    EXPECT_EQ(view.routes.size(), static_cast<std::size_t>(out.back().routes_size()));
    for (std::size_t i = 0; i < view.routes.size(); ++i) {
      const InboxRoute& route = out.back().routes(static_cast<int>(i));
      EXPECT_EQ(view.routes[i].to_type, route.to_type());
      EXPECT_EQ(view.routes[i].to_key, route.to_key());
      EXPECT_EQ(view.routes[i].message_type, route.message_type());
      EXPECT_EQ(view.routes[i].event_type, route.event_type());
      EXPECT_EQ(view.routes[i].source, route.source());
    }
    for (std::size_t i = 0; i < view.messages.size(); ++i) {
      EXPECT_EQ(view.messages[i], out.back().messages(static_cast<int>(i)).SerializeAsString());
    }
  }
  return out;
}

const InboxRoute& route_of(const InboxChunk& chunk, int message) {
  return chunk.routes(static_cast<int>(chunk.messages(message).route()));
}

TEST(Outbox, ACauseThatComesAgainLaterIsWrittenAgain) {
  Outbox outbox;
  const ActorId to{"tournament", "a"};
  for (const std::string event : {"w-1", "w-1", "w-2", "w-1"}) {
    outbox.add(3, {to, "laurel.X", "text", 1}, origin(event));
  }
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  const InboxChunk chunk = chunks(commit).at(0);
  ASSERT_EQ(chunk.messages_size(), 4);
  EXPECT_EQ(chunk.causes_size(), 3);
  std::string events;
  for (const InboxMessage& message : chunk.messages()) {
    events += chunk.causes(static_cast<int>(message.cause())).event_id() + " ";
  }
  EXPECT_EQ(events, "w-1 w-1 w-2 w-1 ");
}

TEST(Outbox, PacksLettersInOrderWithTheirCauses) {
  Outbox outbox;
  const ActorId a{"tournament", "a"}, b{"tournament", "b"};
  outbox.add(3, {a, "laurel.X", "one", 1}, origin("w-1"));
  outbox.add(3, {b, "laurel.X", "", 0}, origin("w-1"));
  outbox.add(3, {a, "laurel.Y", "three", 300}, origin("w-2"));
  outbox.add(1, {a, "laurel.X", "four", 1}, origin("w-2"));
  EXPECT_TRUE(outbox.has(3));
  EXPECT_FALSE(outbox.has(2));
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  EXPECT_TRUE(outbox.empty());
  EXPECT_FALSE(outbox.has(3));
  ASSERT_EQ(commit.inbox.size(), 2U);
  EXPECT_EQ(commit.inbox[0].target, 1);
  EXPECT_EQ(commit.inbox[1].target, 3);
  const auto found = chunks(commit);
  const InboxChunk& chunk = found[1];
  EXPECT_EQ(chunk.format(), 2U);
  ASSERT_EQ(chunk.causes_size(), 2);
  EXPECT_EQ(chunk.causes(1).event_id(), "w-2");
  EXPECT_EQ(origin_of(chunk.causes(1)).seed, origin("w-2").seed);
  ASSERT_EQ(chunk.messages_size(), 3);
  EXPECT_EQ(chunk.routes_size(), 3);
  EXPECT_EQ(route_of(chunk, 0).to_type(), "tournament");
  EXPECT_EQ(route_of(chunk, 0).to_key(), "a");
  EXPECT_EQ(route_of(chunk, 1).to_key(), "b");
  EXPECT_EQ(route_of(chunk, 0).event_type(), "laurel.wager.settled.v1");
  EXPECT_EQ(route_of(chunk, 0).source(), "urn:s");
  EXPECT_EQ(chunk.causes(0).event_type(), "");
  EXPECT_EQ(chunk.causes(0).source(), "");
  EXPECT_EQ(chunk.messages(0).message(), "one");
  EXPECT_EQ(chunk.messages(1).cause(), 0U);
  EXPECT_EQ(chunk.messages(2).cause(), 1U);
  EXPECT_EQ(chunk.messages(2).hops(), 300U);
  EXPECT_EQ(route_of(chunk, 2).message_type(), "laurel.Y");
}

TEST(Outbox, LettersOfOneRouteShareItWhateverIsSentBetweenThem) {
  Outbox outbox;
  std::vector<ActorId> to;
  for (int i = 0; i < 12; ++i) to.push_back({"tournament", "r" + std::to_string(i)});
  std::vector<std::string> sent;
  const auto send = [&](int i, const Origin& why) {
    outbox.add(0, {to.at(static_cast<std::size_t>(i)), "laurel.X", "m", 1}, why);
    sent.push_back("r" + std::to_string(i) + " " + std::string(why.cause.source));
  };
  Origin another = origin("w");
  another.cause.source = "urn:other";
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) send(i, origin("w"));
    for (int i = 0; i < 4; ++i) send(i, another);
  }
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  const InboxChunk few = chunks(commit).at(0);
  EXPECT_EQ(few.routes_size(), 8);
  // More than are compared: some are written again, and none is mixed up.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 12; ++i) send(i, origin("w"));
  }
  Commit more;
  outbox.write_to(more);
  outbox.clear();
  const InboxChunk many = chunks(more).at(0);
  EXPECT_EQ(many.routes_size(), 34);  // the first is found, whatever is the newest
  std::vector<std::string> read;
  for (const InboxChunk* chunk : {&few, &many}) {
    for (int i = 0; i < chunk->messages_size(); ++i) {
      read.push_back(route_of(*chunk, i).to_key() + " " + route_of(*chunk, i).source());
    }
  }
  EXPECT_EQ(read, sent);
}

TEST(Outbox, TheLatestStandsWhereTheFirstWas) {
  Outbox outbox;
  const ActorId from{"entry", "r/p"}, other{"entry", "r/q"}, to{"tournament", "r"};
  outbox.add_latest(0, latest(from, to, "laurel.X"), {to, "laurel.X", "old", 1}, origin("w-1"));
  outbox.add_latest(0, latest(other, to, "laurel.X"), {to, "laurel.X", "other", 1}, origin("w-1"));
  Origin later = origin("w-2");
  later.cause.source = "urn:later";
  outbox.add_latest(0, latest(from, to, "laurel.X"), {to, "laurel.X", "a longer one", 2}, later);
  outbox.add_latest(0, latest(from, to, "laurel.Y"), {to, "laurel.Y", "another type", 2},
                    origin("w-2"));
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  const auto found = chunks(commit);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].messages_size(), 3);
  EXPECT_EQ(found[0].messages(0).message(), "a longer one");
  EXPECT_EQ(found[0].causes(static_cast<int>(found[0].messages(0).cause())).event_id(), "w-2");
  EXPECT_EQ(found[0].messages(1).message(), "other");
  EXPECT_EQ(route_of(found[0], 0).message_type(), "laurel.X");
  EXPECT_EQ(route_of(found[0], 0).source(), "urn:later");
  EXPECT_EQ(route_of(found[0], 1).source(), "urn:s");
  EXPECT_EQ(route_of(found[0], 2).message_type(), "laurel.Y");
  // The next commit knows nothing of it.
  outbox.add_latest(0, latest(from, to, "laurel.X"), {to, "laurel.X", "new", 1}, origin("w-3"));
  Commit next;
  outbox.write_to(next);
  outbox.clear();
  EXPECT_EQ(chunks(next)[0].messages_size(), 1);
}

TEST(Outbox, AChunkHasALimitOfMessagesAndOfBytes) {
  Outbox outbox;
  const ActorId to{"tournament", "r"};
  for (int i = 0; i < 2500; ++i) outbox.add(0, {to, "laurel.X", "m", 1}, origin("w"));
  const std::string large(kChunkBytesMax / 2, 'x');
  for (int i = 0; i < 3; ++i) outbox.add(1, {to, "laurel.X", large, 1}, origin("w"));
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  const auto found = chunks(commit);
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].messages_size(), kChunkMessagesMax);
  EXPECT_EQ(found[2].messages_size(), 500);
  EXPECT_EQ(found[2].causes_size(), 1);
  EXPECT_EQ(found[2].routes_size(), 1);  // each chunk has its own
  EXPECT_EQ(found[2].routes(0).to_key(), "r");
  EXPECT_EQ(found[5].messages_size(), 1);
}

TEST(Outbox, RoutesCountForTheLimitOfBytesAndComeAgainInTheNextChunk) {
  Outbox outbox;
  std::vector<ActorId> to;
  for (int i = 0; i < 1500; ++i) {
    to.push_back({"tournament", std::string(900, 'k') + std::to_string(i)});
  }
  for (const ActorId& each : to) {
    outbox.add(0, {each, "laurel.X", "m", 1}, origin("w"));
    outbox.add(0, {to[0], "laurel.X", "m", 1}, origin("w"));
  }
  EXPECT_GT(outbox.weight(), std::size_t{1500} * 900);
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  std::size_t messages = 0;
  for (const InboxChunk& chunk : chunks(commit)) {
    for (int i = 0; i < chunk.messages_size(); ++i, ++messages) {
      EXPECT_EQ(route_of(chunk, i).to_key(), to[messages % 2 == 0 ? messages / 2 : 0].key);
    }
  }
  EXPECT_EQ(messages, 3000U);
  EXPECT_GE(commit.inbox.size(), 3U);
  EXPECT_EQ(outbox.weight(), 0U);
}

TEST(Outbox, ALetterThatIsReplacedKeepsItsRoute) {
  Outbox outbox;
  std::vector<ActorId> to;
  for (int i = 0; i < 20; ++i) to.push_back({"tournament", "r" + std::to_string(i)});
  const ActorId from{"entry", "e"};
  for (int round = 0; round < 3; ++round) {
    for (const ActorId& each : to) {
      outbox.add_latest(0, latest(from, each, "laurel.X"), {each, "laurel.X", "m", 1}, origin("w"));
    }
  }
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  const InboxChunk chunk = chunks(commit).at(0);
  EXPECT_EQ(chunk.messages_size(), 20);
  EXPECT_EQ(chunk.routes_size(), 20);
}

TEST(ChunkView, ReadsFormat1) {
  ChunkView view;
  view.bytes = laurel::testing::golden("inbox-chunk-1.hex");
  ASSERT_TRUE(view.open());
  ASSERT_EQ(view.messages.size(), 2U);
  ASSERT_EQ(view.routes.size(), 2U);
  EXPECT_EQ(view.routes[1].to_type, "sink");
  EXPECT_EQ(view.routes[1].to_key, "s9");
  EXPECT_EQ(view.routes[1].message_type, "laurel.contract.Amount");
  EXPECT_EQ(view.routes[1].event_type, "laurel.wager.voided.v1");
  EXPECT_EQ(view.routes[1].source, "urn:t");
  InboxMessage message;
  EXPECT_EQ(view.route_of(1, message), 1U);
}

TEST(ChunkView, Format2IsWrittenAsItWasOnce) {
  Outbox outbox;
  const ActorId to{"sink", "s9"};
  outbox.add(0, {to, "laurel.X", "one", 1}, origin("w-1"));
  outbox.add(0, {to, "laurel.X", "two", 2}, origin("w-2"));
  Commit commit;
  outbox.write_to(commit);
  outbox.clear();
  EXPECT_EQ(laurel::testing::hex(commit.inbox.at(0).value),
            laurel::testing::hex(laurel::testing::golden("inbox-chunk-2.hex")));
}

TEST(ChunkView, RefusesWhatIsNoChunk) {
  InboxChunk chunk;
  chunk.set_format(2);
  chunk.add_causes()->set_event_id("w");
  chunk.add_routes()->set_to_key("r");
  chunk.add_messages()->set_message("m");
  const std::string good = chunk.SerializeAsString();
  const auto opens = [](std::string bytes) {
    ChunkView view;
    view.bytes = std::move(bytes);
    return view.open();
  };
  EXPECT_TRUE(opens(good));
  EXPECT_FALSE(opens(""));
  EXPECT_FALSE(opens(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(opens(good + '\x1a' + '\x7f'));  // a message longer than what is there
  EXPECT_FALSE(opens(good + '\x07'));           // a wire type that is none
  EXPECT_FALSE(opens(good + "\x22\x01\x07"));   // a route that is none
  EXPECT_TRUE(opens(good + "\x52\x01z"));       // a field of a newer version
  chunk.set_format(3);
  EXPECT_FALSE(opens(chunk.SerializeAsString()));
  chunk.set_format(2);
  chunk.clear_messages();
  EXPECT_FALSE(opens(chunk.SerializeAsString()));
}

}  // namespace
}  // namespace laurel::runtime::internal
