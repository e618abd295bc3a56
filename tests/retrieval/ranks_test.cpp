#include "retrieval/ranks.h"

#include <gtest/gtest.h>

namespace atelier::retrieval {
namespace {

TEST(Ranks, AreThePlaceOfTheFirstRightCandidate) {
  const Tensor scores = at::tensor({0.1, 0.9, 0.5, 0.8, 0.2, 0.3}).view({2, 3});  // best first: 1 2 0, and 0 2 1
  const auto ranks = first_right(scores, 2, [](int64_t, int64_t candidate) { return candidate == 0; });
  EXPECT_EQ(ranks, (std::vector<int64_t>{2, 0})) << "the right one of the first query is third, beyond the two that count";
  EXPECT_EQ(first_right(scores, 5, [](int64_t, int64_t candidate) { return candidate == 1; }), (std::vector<int64_t>{0, 2}));
  EXPECT_DOUBLE_EQ(share_within(ranks, 1), 0.5);
  EXPECT_DOUBLE_EQ(share_within(ranks, 3), 1);
  EXPECT_DOUBLE_EQ(share_within({}, 1), 0);
}

// Pictures 0 and 1 show one concept, so either is right for a caption of the other; picture 2 has no name to be found by.
TEST(Ranks, CountPicturesOfOneConceptAsEqual) {
  const Tensor pictures = at::eye(3), captions = at::eye(3).index_select(0, at::tensor({1, 0, 2}, at::kLong)), names = at::tensor({0.0, 1.0, 0.0, 1.0, 0.0, 0.0}).view({2, 3}).to(at::kFloat);
  const std::vector<int64_t> concept_of = {5, 5, 9}, name_of = {0, 0, -1};
  const ClipRanks ranks = rank(pictures, captions, names, concept_of, name_of);
  EXPECT_EQ(ranks.text_to_picture, (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(ranks.picture_to_text, (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(ranks.name, (std::vector<int64_t>{1, 0}));
  EXPECT_TRUE(rank(pictures, {}, names, concept_of, name_of).text_to_picture.empty());
}

}  // namespace
}  // namespace atelier::retrieval
