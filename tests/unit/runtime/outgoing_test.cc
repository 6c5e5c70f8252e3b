#include "outgoing.h"

#include <gtest/gtest.h>

#include "laurel/contract/amount.pb.h"
#include "laurel/contract/outputs.pb.h"

namespace laurel::runtime::internal {
namespace {

TEST(OutgoingPool, TakesWhatWasGivenBackAndNeverWhatIsInUse) {
  OutgoingPool pool;
  const OutgoingMessage* first = nullptr;
  {
    const auto held = pool.take(contract::Amount::descriptor());
    const auto other = pool.take(contract::Amount::descriptor());
    EXPECT_NE(held.get(), other.get());
    first = held.get();
  }
  const auto again = pool.take(contract::Amount::descriptor());
  const auto second = pool.take(contract::Amount::descriptor());
  EXPECT_EQ(again.get(), first);  // the last that went back
  EXPECT_NE(second.get(), first);
  EXPECT_EQ(again->type, contract::Amount::descriptor());
}

TEST(OutgoingPool, KeepsTypesApart) {
  OutgoingPool pool;
  const OutgoingMessage* amount = nullptr;
  {
    const auto held = pool.take(contract::Amount::descriptor());
    amount = held.get();
  }
  const auto changed = pool.take(contract::BalanceChanged::descriptor());
  EXPECT_NE(changed.get(), amount);
  EXPECT_EQ(changed->type, contract::BalanceChanged::descriptor());
  EXPECT_EQ(pool.take(contract::Amount::descriptor()).get(), amount);
}

TEST(OutgoingPool, DoesNotKeepWhatIsLarge) {
  OutgoingPool pool;
  {
    const auto held = pool.take(contract::Amount::descriptor());
    held->message = std::make_unique<contract::Amount>();
    held->bytes.assign(100'000, 'x');
    held->size = held->bytes.size();
  }
  const auto again = pool.take(contract::Amount::descriptor());
  EXPECT_EQ(again->message, nullptr);
  EXPECT_LT(again->bytes.capacity(), 100U);
}

TEST(OutgoingPool, FreesWhatIsMoreThanItKeeps) {
  OutgoingPool pool;
  Outgoing many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(pool.take(contract::Amount::descriptor()));
    many.back()->message = std::make_unique<contract::Amount>();
  }
  many.clear();
  std::size_t kept = 0;
  for (int i = 0; i < 100; ++i) {
    many.push_back(pool.take(contract::Amount::descriptor()));
    kept += many.back()->message != nullptr ? 1 : 0;
  }
  EXPECT_EQ(kept, 16U);
}

}  // namespace
}  // namespace laurel::runtime::internal
