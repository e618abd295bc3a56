#include "corpus/splits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace atelier::corpus {
namespace {

std::vector<Picture> drawn_by(const std::vector<std::string>& families, int concepts) {
  std::vector<Picture> pictures;
  for (int i = 0; i < concepts; ++i)
    for (const std::string& family : families) {
      Picture picture;
      picture.concept_id = fmt::format("word:thing {}", i);
      picture.title = fmt::format("thing {}", i);
      picture.source = picture.family = family;
      pictures.push_back(picture);
    }
  return pictures;
}

std::vector<Split> splits(std::vector<Picture> pictures) {
  assign_splits(pictures, std::vector<std::string>(pictures.size()), HeldOut::instance());
  std::vector<Split> out;
  for (const Picture& picture : pictures) out.push_back(picture.split);
  return out;
}

TEST(Splits, AboutOneCombinationInTwentyIsHeldOut) {
  const std::vector<Split> found = splits(drawn_by({"a", "b", "c", "d"}, 500));
  const auto count = std::count(found.begin(), found.end(), Split::combination);
  EXPECT_GT(count, 2000 * 0.03);
  EXPECT_LT(count, 2000 * 0.07);
}

TEST(Splits, DoNotDependOnOrderOrOnTheOtherConcepts) {
  std::vector<Picture> pictures = drawn_by({"a", "b", "c"}, 200);
  std::vector<Split> found = splits(pictures);
  std::reverse(pictures.begin(), pictures.end());
  std::reverse(found.begin(), found.end());
  EXPECT_EQ(splits(pictures), found);
  pictures.resize(300);
  found.resize(300);
  EXPECT_EQ(splits(pictures), found);
}

TEST(Splits, TwoFamiliesAreTooFewForACombination) {
  const std::vector<Split> found = splits(drawn_by({"a", "b"}, 500));
  EXPECT_EQ(std::count(found.begin(), found.end(), Split::combination), 0);
}

// Three finishes of one drawing leave training together, or a copy of the held-out one would stay.
TEST(Splits, AFamilyLeavesWhole) {
  std::vector<Picture> pictures = drawn_by({"a", "b", "c", "c", "c"}, 300);
  const std::vector<Split> found = splits(pictures);
  std::set<std::pair<std::string, std::string>> out, in;
  for (size_t i = 0; i < pictures.size(); ++i) (found[i] == Split::combination ? out : in).emplace(pictures[i].concept_id, pictures[i].family);
  EXPECT_FALSE(out.empty());
  for (const auto& pair : out) EXPECT_FALSE(in.contains(pair));
}

TEST(Splits, HeldOutConceptsAndNamesLeaveTrainingWhoeverDrewThem) {
  std::vector<Picture> pictures(5);
  for (Picture& picture : pictures) picture.concept_id = "word:x";
  pictures[0].concept_id = "emoji:1F984";
  pictures[1].title = "unicorns at sea";
  pictures[2].split = Split::heldout_style, pictures[2].title = "unicorn";
  pictures[3].title = "a tube";
  pictures[4].title = "horse", pictures[4].tags = {"animal", "no unicorn", "pony"}, pictures[4].group = "goat";
  assign_splits(pictures, {"", "", "", "emoji:1F4FA", ""}, HeldOut::instance());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pictures[i].split, Split::heldout_concept) << i;
  EXPECT_EQ(pictures[4].split, Split::train);
  EXPECT_EQ(pictures[4].tags, (std::vector<std::string>{"animal", "pony"}));
  EXPECT_EQ(pictures[4].group, "");
}

TEST(Weights, AConceptIsDrawnByTheRootOfItsPictures) {
  std::vector<Picture> pictures = drawn_by({"noto", "twemoji", "emojione", "fxemoji"}, 1);
  for (Picture& picture : pictures) picture.kind = "emoji", picture.group = "Objects";
  Picture lone = pictures[0];
  lone.concept_id = "word:lone";
  pictures.push_back(lone);
  pictures.push_back(lone);
  pictures.back().split = Split::combination;
  pictures.push_back(lone);
  pictures.back().concept_id = "word:person", pictures.back().group = "People & Body";
  EXPECT_EQ(sampling_weights(pictures), (std::vector<float>{0.5f, 0.5f, 0.5f, 0.5f, 1, 0, 0.4f}));
}

}  // namespace
}  // namespace atelier::corpus
