#include "retrieval/retriever.h"

#include "base/error.h"
#include "base/json.h"
#include "base/safetensors.h"
#include "tests/support.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace atelier::retrieval {
namespace {

using Rows = std::vector<int64_t>;

/// What one query gets. @param never  as in Retriever::retrieve
Rows rows(const Retriever& retriever, const Tensor& query, const SelectionRules& rules, int64_t never = -1) {
  const auto picks = retriever.retrieve(query.unsqueeze(0), rules, {&never, 1});
  Rows out;
  for (const Pick& pick : picks[0]) out.push_back(pick.document);
  return out;
}

constexpr SelectionRules kThree = {.count = 3, .redundancy = 0.9, .both_modalities = true};

/// Documents in the plane, at these angles from the query (1, 0) in degrees: the similarity is the cosine.
Retriever at_angles(const std::vector<double>& degrees, std::vector<Content> contents = {}) {
  const Tensor angles = at::tensor(degrees) * (M_PI / 180);
  contents.resize(degrees.size(), Content::both);
  return Retriever(at::stack({angles.cos(), angles.sin()}, 1), contents);
}
const Tensor kQuery = at::tensor({1.0f, 0.0f});

// Vectors and picks were made from the paper's formulas in PyTorch, see tests/data/README.md.
TEST(Retriever, PicksWhatTheReferencePicks) {
  const std::string data = ATELIER_TEST_DATA;
  const base::Safetensors file(data + "/retriever.safetensors");
  const base::json expected = base::read_json(data + "/retriever.json");
  std::vector<Content> contents;
  for (const base::json& has : expected["has"])
    contents.push_back(has == "both" ? Content::both : has == "text" ? Content::caption : Content::picture);
  const Retriever retriever(file.read("documents"), contents);
  const Tensor queries = file.read("queries");
  for (int64_t q = 0; q < queries.size(0); ++q) {
    const Rows picks = expected["picks"][q].get<Rows>();
    for (int64_t k = 0; k <= 3; ++k) {
      SelectionRules rules = kThree;
      rules.count = k;
      EXPECT_EQ(rows(retriever, queries[q], rules), Rows(picks.begin(), picks.begin() + k)) << "query " << q << ", K = " << k;
    }
  }
}

TEST(Retriever, DocumentVectorsAreTheReferences) {
  const std::string data = ATELIER_TEST_DATA;
  const base::Safetensors file(data + "/retriever.safetensors");
  const base::json has = base::read_json(data + "/retriever.json")["has"];
  const Tensor text = file.read("text"), image = file.read("image"), expected = file.read("documents");
  for (int64_t i = 0; i < text.size(0); ++i) {
    // Scaled: each part is normalised before the mean is taken.
    const Tensor t = has[i] == "image" ? Tensor() : text.narrow(0, i, 1) * 3;
    const Tensor p = has[i] == "text" ? Tensor() : image.narrow(0, i, 1) * 0.5;
    EXPECT_LT((mixed_modal(t, p)[0] - expected[i]).abs().max().item<float>(), 1e-6f) << i;  // one rounding of fp32
  }
}

TEST(Retriever, VectorsThatAreNoNumbersAreRefused) {
  EXPECT_ERROR(mixed_modal(at::full({1, 4}, NAN), {}), base::InvalidArgument, "no numbers");
  EXPECT_ERROR(mixed_modal({}, {}), base::InvalidArgument, "a caption or a picture");
}

// Relevance: by falling inner product. 60, 40 and -80 degrees are cosines 0.5, 0.77 and 0.17.
TEST(Retriever, RanksByInnerProduct) { EXPECT_EQ(rows(at_angles({60, -80, 40, 120}), kQuery, {2, 1.0, true}), (Rows{2, 0})); }

TEST(Retriever, TakesDocumentsOfBothModalitiesAlone) {
  const Retriever retriever = at_angles({30, -40, 70, -80}, {Content::caption, Content::picture, Content::both, Content::both});
  EXPECT_EQ(rows(retriever, kQuery, {2, 0.9, true}), (Rows{2, 3}));
  EXPECT_EQ(rows(retriever, kQuery, {2, 0.9, false}), (Rows{0, 1}));
}

// papers.md 2.5: a document five times in the memory is chosen once.
TEST(Retriever, ADocumentFiveTimesIsChosenOnce) {
  const Rows chosen = rows(at_angles({40, 40, 40, 40, 40, -60, 100}), kQuery, kThree);
  ASSERT_EQ(chosen.size(), 3u);
  EXPECT_LT(chosen[0], 5);  // any of them
  EXPECT_EQ(chosen[1], 5);
  EXPECT_EQ(chosen[2], 6);
}

// cos 26 degrees = 0.899 may stay, cos 25 = 0.906 may not; to the query and to a chosen document alike.
TEST(Retriever, SkipsAboveNineTenths) {
  EXPECT_EQ(rows(at_angles({25, 26}), kQuery, kThree), (Rows{1}));
  EXPECT_EQ(rows(at_angles({30, 55, 56}), kQuery, kThree), (Rows{0, 2}));
}

TEST(Retriever, NeverReturnsTheQueryItself) { EXPECT_EQ(rows(at_angles({0, 50}), kQuery, kThree), (Rows{1})); }

TEST(Retriever, NeverReturnsTheTrainingDocument) {
  EXPECT_EQ(rows(at_angles({50, -70}), kQuery, kThree, 0), (Rows{1}));
}

// The list is walked to its end: the one document with both modalities stands behind a thousand without.
TEST(Retriever, WalksAsFarAsItMust) {
  std::vector<double> degrees(1001, 40);
  degrees[700] = 80;
  std::vector<Content> contents(1001, Content::picture);
  contents[700] = Content::both;
  const Retriever retriever = at_angles(degrees, contents);
  EXPECT_EQ(rows(retriever, kQuery, kThree), (Rows{700}));
  const std::vector<int64_t> never = {-1};
  EXPECT_TRUE(retriever.retrieve(kQuery.unsqueeze(0), kThree, never, 1000)[0].empty());
}

TEST(Retriever, ManyQueriesGetWhatEachGetsAlone) {
  const Retriever retriever = at_angles({30, -40, 70, 100, 160});
  const Tensor queries = at::tensor({1.0f, 0.0f, 0.0f, 1.0f, -1.0f, 0.0f}).view({3, 2});
  const std::vector<int64_t> never = {0, -1, 3};
  const auto picks = retriever.retrieve(queries, kThree, never);
  ASSERT_EQ(picks.size(), 3u);
  for (int64_t q = 0; q < 3; ++q) {
    Rows together;
    for (const Pick& pick : picks[q]) together.push_back(pick.document);
    EXPECT_EQ(together, rows(retriever, queries[q], kThree, never[q]));
    EXPECT_FALSE(together.empty());
  }
}

TEST(QueryDropout, LeavesOutAFifthOfTheWords) {
  base::Random random(1);
  std::string text;
  for (int i = 0; i < 10; ++i) text += fmt::format("{}word{}", i ? " \n" : "", i);
  int64_t kept = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string query = drop_words(text, kQueryDropout, random);
    kept += std::count(query.begin(), query.end(), ' ') + 1;
    EXPECT_EQ(query.find('\n'), query.npos);
  }
  EXPECT_NEAR(static_cast<double>(kept) / 20000, 0.8, 0.015);  // five deviations of 20,000 draws
}

TEST(QueryDropout, LeavesOneWordAtLeast) {
  base::Random random(1);
  EXPECT_EQ(drop_words("apple", 1, random), "apple");
  EXPECT_EQ(drop_words(" \t ", 0.2, random), "");
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) seen.insert(drop_words("a b", 1, random));
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b"}));
}

TEST(QueryDropout, PaintsAFifthOfThePatches) {
  base::Random random(1);
  const vision::Image picture(64, 40);
  int64_t painted = 0;
  for (int i = 0; i < 100; ++i) {
    const vision::Image query = drop_patches(picture, 8, kQueryDropout, random);
    for (int64_t y = 0; y < 8; ++y)
      for (int64_t x = 0; x < 8; ++x) {
        const bool grey = query.at(x * 8, y * 5)[0] != 255;
        EXPECT_EQ(query.at(x * 8 + 7, y * 5 + 4)[2] != 255, grey);  // whole patches
        painted += grey;
      }
  }
  EXPECT_NEAR(static_cast<double>(painted) / 6400, 0.2, 0.025);
}

TEST(TrainingQuery, IsACaptionOrThePictureNeverBoth) {
  const std::vector<std::string> captions = {"a red apple on a table in the sun", "red apple"};
  const vision::Image picture(16, 16);
  base::Random random(4);
  int64_t said = 0, shortened = 0, painted = 0;
  std::set<char> begun;
  for (int i = 0; i < 400; ++i) {
    const auto query = training_query(captions, picture, random);
    if (const auto* caption = std::get_if<std::string>(&query)) {
      ++said;
      begun.insert(caption->front());
      shortened += *caption != captions[0] && *caption != captions[1];
    } else {
      painted += std::get<vision::Image>(query).pixels != picture.pixels;
    }
  }
  EXPECT_NEAR(said, 200, 50);  // five deviations
  EXPECT_TRUE(begun.contains('a') && begun.contains('r'));  // both captions
  // Dropout reaches both: 0.8^9 of the long captions, 0.64 of the short ones stay whole, 0.8^64 of the pictures.
  EXPECT_GT(shortened, 80);
  EXPECT_EQ(painted, 400 - said);
}

}  // namespace
}  // namespace atelier::retrieval
