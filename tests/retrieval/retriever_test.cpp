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

std::vector<int64_t> rows(const std::vector<Pick>& picks) {
  std::vector<int64_t> out;
  for (const Pick& pick : picks) out.push_back(pick.document);
  return out;
}

using Rows = std::vector<int64_t>;
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
      EXPECT_EQ(rows(retriever.retrieve(queries[q], rules)), Rows(picks.begin(), picks.begin() + k)) << "query " << q << ", K = " << k;
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
TEST(Retriever, RanksByInnerProduct) { EXPECT_EQ(rows(at_angles({60, -80, 40, 120}).retrieve(kQuery, {2, 1.0, true})), (Rows{2, 0})); }

TEST(Retriever, TakesDocumentsOfBothModalitiesAlone) {
  const Retriever retriever = at_angles({30, -40, 70, -80}, {Content::caption, Content::picture, Content::both, Content::both});
  EXPECT_EQ(rows(retriever.retrieve(kQuery, {2, 0.9, true})), (Rows{2, 3}));
  EXPECT_EQ(rows(retriever.retrieve(kQuery, {2, 0.9, false})), (Rows{0, 1}));
}

// papers.md 2.5: a document five times in the memory is chosen once.
TEST(Retriever, ADocumentFiveTimesIsChosenOnce) {
  EXPECT_EQ(rows(at_angles({40, 40, 40, 40, 40, -60, 100}).retrieve(kQuery, kThree)), (Rows{0, 5, 6}));
}

// cos 26 degrees = 0.899 may stay, cos 25 = 0.906 may not; to the query and to a chosen document alike.
TEST(Retriever, SkipsAboveNineTenths) {
  EXPECT_EQ(rows(at_angles({25, 26}).retrieve(kQuery, kThree)), (Rows{1}));
  EXPECT_EQ(rows(at_angles({30, 55, 56}).retrieve(kQuery, kThree)), (Rows{0, 2}));
}

TEST(Retriever, NeverReturnsTheQueryItself) { EXPECT_EQ(rows(at_angles({0, 50}).retrieve(kQuery, kThree)), (Rows{1})); }

TEST(Retriever, NeverReturnsTheTrainingDocument) {
  const Rows never = {0};
  EXPECT_EQ(rows(at_angles({50, -70}).retrieve(kQuery, kThree, never)), (Rows{1}));
}

// The list is walked to its end: the one document with both modalities stands behind a thousand without.
TEST(Retriever, WalksAsFarAsItMust) {
  std::vector<double> degrees(1001, 40);
  degrees[700] = 80;
  std::vector<Content> contents(1001, Content::picture);
  contents[700] = Content::both;
  EXPECT_EQ(rows(at_angles(degrees, contents).retrieve(kQuery, kThree)), (Rows{700}));
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

/// Says which part it was asked for.
class Recorder : public Embedder {
 public:
  Tensor embed_pictures(std::span<const vision::Image> pictures) const override {
    EXPECT_EQ(pictures.size(), 1u);
    return at::tensor({0.0f, 1.0f}).unsqueeze(0);
  }
  Tensor embed_texts(std::span<const std::string> texts) const override {
    longest = std::max(longest, texts[0].size());
    shortest = std::min(shortest, texts[0].size());
    return at::tensor({1.0f, 0.0f}).unsqueeze(0);
  }
  int64_t dimension() const override { return 2; }
  std::string identity() const override { return "recorder"; }
  mutable size_t longest = 0, shortest = 1000;
};

TEST(TrainingQuery, IsTheCaptionOrThePictureNeverBoth) {
  const Recorder embedder;
  const std::string caption = "a red apple on a table in the sun";
  const vision::Image picture(16, 16);
  base::Random random(4);
  double captions = 0;
  for (int i = 0; i < 400; ++i) {
    const Tensor query = training_query(embedder, &caption, &picture, random);
    EXPECT_EQ(query.sum().item<float>(), 1);
    captions += query[0].item<float>();
  }
  EXPECT_NEAR(captions / 400, 0.5, 0.13);
  EXPECT_LT(embedder.shortest, caption.size());  // dropout reaches it
  EXPECT_LE(embedder.longest, caption.size());
  EXPECT_EQ(training_query(embedder, &caption, nullptr, random)[0].item<float>(), 1);
  EXPECT_EQ(training_query(embedder, nullptr, &picture, random)[1].item<float>(), 1);
}

}  // namespace
}  // namespace atelier::retrieval
