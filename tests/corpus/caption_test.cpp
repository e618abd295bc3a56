#include "corpus/corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace atelier::corpus {
namespace {

Picture apple() {
  Picture picture;
  picture.title = "red apple";
  picture.style = "noto style";
  picture.kind = "emoji";
  picture.tags = {"fruit", "red", "food"};
  return picture;
}

std::set<std::string> captions(const Picture& picture, int count = 2000) {
  std::set<std::string> out;
  for (int i = 0; i < count; ++i) {
    base::Random random(1, i);
    out.insert(caption(picture, random));
  }
  return out;
}

TEST(Caption, SaysTitleStyleAndTagsInSeveralWays) {
  const std::set<std::string> found = captions(apple());
  for (const char* text : {"a red apple, noto style", "red apple, noto style", "noto style of a red apple", "a red apple", "red apple, fruit, noto style",
                           "a red apple, food, fruit", "a picture of a red apple in noto style"})
    EXPECT_TRUE(found.contains(text)) << text;
  for (const std::string& text : found) {
    EXPECT_NE(text.find("red apple"), std::string::npos);
    EXPECT_EQ(text.find("apple, red,"), std::string::npos) << text;  // the title says it already
  }
}

TEST(Caption, DependsOnItsRandomNumbersAlone) {
  base::Random a(3, 4), b(3, 4);
  EXPECT_EQ(caption(apple(), a), caption(apple(), b));
}

TEST(Caption, HasTheRightArticleOrNone) {
  Picture picture = apple();
  picture.tags.clear();
  for (auto [title, kind, expected] : {std::tuple{"owl", "emoji", "an owl"}, {"grapes", "emoji", "grapes"}, {"add image", "icon", "add image"}, {"pirate skull", "mono", "a pirate skull"}}) {
    picture.title = title;
    picture.kind = kind;
    EXPECT_TRUE(captions(picture).contains(expected)) << title;
    EXPECT_TRUE(captions(picture).contains(fmt::format("noto style of {}", expected))) << title;
  }
}

}  // namespace
}  // namespace atelier::corpus
