#include "corpus/corpus.h"
#include "base/error.h"

#include <gtest/gtest.h>

namespace atelier::corpus {
namespace {

TEST(HeldOut, HasTheConceptsOfItsFile) {
  const HeldOut& held_out = HeldOut::instance();
  EXPECT_EQ(held_out.dev().size(), 56u);
  EXPECT_EQ(held_out.test().size(), 56u);
  EXPECT_TRUE(held_out.is_concept("emoji:1F984"));
  EXPECT_FALSE(held_out.is_concept("emoji:1F34E"));
  EXPECT_EQ(held_out.label("emoji:1F984"), "unicorn");
  EXPECT_THROW(held_out.label("emoji:1F34E"), base::InvalidArgument);
}

TEST(HeldOut, FindsNamesAsWholeWords) {
  const HeldOut& held_out = HeldOut::instance();
  for (const char* yes : {"unicorn", "a UNICORN, noto style", "two unicorns", "unicorn's horn", "unicorn-head", "yo-yo", "yo yo trick", "a nazar amulet.",
                          "funeral urns", "carp streamers", "oxen", "ox", "one sock", "socks", "ferries", "a peanut", "scarves", "cherry (mango)"})
    EXPECT_TRUE(held_out.names_one(yes)) << yes;
  for (const char* no : {"", "fox", "antelope", "yo", "amulet", "carp", "goatee", "urn", "tigers and goals", "herbal tea", "capricorn"})
    EXPECT_FALSE(held_out.names_one(no)) << no;
}

}  // namespace
}  // namespace atelier::corpus
