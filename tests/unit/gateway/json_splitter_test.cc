#include "json_splitter.h"

#include <gtest/gtest.h>

namespace laurel::gateway::internal {
namespace {

using Elements = std::vector<std::string_view>;

TEST(JsonSplitter, GivesTheBytesOfEachElement) {
  const auto split = split_array(" [ {\"a\":[1,2]} , {\"b\":\"],}\\\"\"},3 ] \n", 10);
  EXPECT_EQ(split.error, "");
  EXPECT_EQ(split.elements, (Elements{"{\"a\":[1,2]}", "{\"b\":\"],}\\\"\"}", "3"}));
}

TEST(JsonSplitter, TakesAnEmptyArray) {
  EXPECT_EQ(split_array("[]", 10).error, "");
  EXPECT_TRUE(split_array(" [ ] ", 10).elements.empty());
}

TEST(JsonSplitter, RefusesWhatIsNoArray) {
  for (const std::string_view text :
       {"", "  ", "{}", "[", "[1", "[1,", "[1,]", "[,1]", "[1]]", "[1] x", "[\"a]", "[{]", "[}]",
        "[1}", "[{\"a\":1]", "[\"\\\"]", "nul", "]"}) {
    const auto split = split_array(text, 10);
    EXPECT_NE(split.error, "") << text;
    EXPECT_TRUE(split.elements.empty()) << text;
  }
}

TEST(JsonSplitter, StopsAtTheBound) {
  EXPECT_FALSE(split_array("[1,2]", 2).too_many);
  EXPECT_TRUE(split_array("[1,2,3]", 2).too_many);
}

TEST(JsonSplitter, BearsDeepNestingAndAnyBytes) {
  const std::string deep(1'000'000, '[');
  EXPECT_NE(split_array(deep, 10).error, "");
  EXPECT_EQ(split_array("[\"\xff\xfe\"]", 10).elements.size(), 1U);
  EXPECT_EQ(split_array(std::string_view("[\"\0\"]", 5), 10).elements.size(), 1U);
}

TEST(JsonSplitter, FindsAnIdOnlyAtTheTop) {
  EXPECT_EQ(top_level_string("{\"data\":{\"id\":\"no\"}, \"id\" : \"yes\"}", "id", 10), "yes");
  EXPECT_EQ(top_level_string("{\"id\":\"too long\"}", "id", 3), "");
  EXPECT_EQ(top_level_string("{\"id\":7}", "id", 10), "");
  EXPECT_EQ(top_level_string("{\"id\":\"a\\nb\"}", "id", 10), "");
  EXPECT_EQ(top_level_string("{\"id\":\"\xff\"}", "id", 10), "");
  for (const std::string_view broken : {"", "[", "{", "{\"id", "{\"id\"", "{\"id\":", "{\"id\":\"a",
                                        "{\"a\" 1}", "{\"a\":1", "nonsense"}) {
    EXPECT_EQ(top_level_string(broken, "id", 10), "") << broken;
  }
}

}  // namespace
}  // namespace laurel::gateway::internal
