#include "eval/heldout.h"
#include "eval/rows.h"

#include "base/error.h"
#include "tests/eval/small_world.h"

#include <set>

namespace atelier::eval {
namespace {

const Figure& figure(const Claim& claim, const std::string& name) {
  for (const Figure& one : claim.figures)
    if (one.name == name) return one;
  throw std::runtime_error("no figure " + name);
}

/// What every row owes: a claim, its data, figures within their intervals, pictures that are there.
void expect_whole(const Claim& claim, const tests::SmallWorld& world) {
  EXPECT_FALSE(claim.says.empty());
  EXPECT_FALSE(claim.data.empty());
  EXPECT_TRUE(std::any_of(claim.figures.begin(), claim.figures.end(), [](const Figure& one) { return one.headline; }));
  for (const Figure& one : claim.figures) {
    EXPECT_TRUE(std::isfinite(one.measured.value)) << one.name;
    EXPECT_LE(one.measured.low, one.measured.value + 1e-9) << one.name;
    EXPECT_GE(one.measured.high, one.measured.value - 1e-9) << one.name;
    EXPECT_GE(one.samples, 1) << one.name;
  }
  EXPECT_FALSE(claim.pictures.empty());
  for (const std::string& file : claim.pictures) EXPECT_GT(vision::read_image(world.file(file)).width, 100) << file;
}

TEST(Rows, ClipBesidePixels) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const Claim claim = measure_clip(bench);
  expect_whole(claim, world);
  // The held-out artist drew each concept in its colour: whoever looks at pixels knows all of them; random weights do not.
  EXPECT_EQ(figure(claim, "name, top 1").beside, "pixels 100.0 %");
  EXPECT_EQ(figure(claim, "name, top 1").samples, 17);
}

// Frozen is frozen: also in a model of random weights not one bit moves.
TEST(Rows, LmFusionLeavesTheTextAsItWas) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const Claim claim = measure_lmfusion(bench);
  expect_whole(claim, world);
  EXPECT_EQ(figure(claim, "texts with bit-identical logits").measured.low, 1);
  EXPECT_EQ(figure(claim, "perplexity, text tower alone").measured.value, figure(claim, "perplexity, joint model").measured.value);
}

TEST(Rows, RetrievalAtEveryK) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const Claim claim = measure_retrieval(bench);
  expect_whole(claim, world);
  for (const char* k : {"K = 0", "K = 1", "K = 2"}) EXPECT_LE(figure(claim, fmt::format("concept accuracy, {}", k)).measured.value, 1);
  EXPECT_NEAR(figure(claim, "K = 2 against K = 0").measured.value,
              figure(claim, "concept accuracy, K = 2").measured.value - figure(claim, "concept accuracy, K = 0").measured.value, 1e-9);
}

TEST(Rows, ShotsNameAtEveryNumber) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const Claim claim = measure_shots(bench);
  expect_whole(claim, world);
  EXPECT_EQ(claim.figures.size(), 6u);
}

TEST(Rows, AreNamedOnceAndMeasureSomething) {
  std::set<std::string> names;
  for (const Row& row : all_rows()) EXPECT_TRUE(names.insert(row.name).second && row.measure != nullptr);
  EXPECT_EQ(names.size(), 8u);
}

// Nobody's pictures are shown and judge at once.
TEST(HeldOutConcepts, PartTheArtists) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const std::vector<HeldOutConcept> concepts = heldout_concepts(bench, 10);
  ASSERT_EQ(concepts.size(), 3u);
  for (const HeldOutConcept& one : concepts) {
    std::set<std::string> shown, judged;
    for (const int64_t row : one.shown) shown.insert(bench.corpus().picture(row).family);
    for (const int64_t row : one.judged) judged.insert(bench.corpus().picture(row).family);
    EXPECT_EQ(shown.size() + judged.size(), 10u);
    for (const std::string& family : shown) EXPECT_FALSE(judged.contains(family));
  }
}

TEST(ConceptJudge, LeavesTheArtistOut) {
  const tests::SmallWorld world;
  Workbench bench(world.options());
  const std::vector<int64_t> dogs = bench.rows([](const corpus::Picture& p, int64_t) { return p.title == "dog"; }), cats = bench.rows([](const corpus::Picture& p, int64_t) { return p.title == "cat" && p.family == "noto"; });
  const ConceptJudge judge(bench, {dogs, cats});
  EXPECT_EQ(judge.name(bench.vectors(cats)[0]), 1);
  EXPECT_FALSE(judge.knows(1, "noto"));
  EXPECT_TRUE(judge.knows(0, "noto"));
  EXPECT_EQ(judge.prototypes("noto")[1].abs().sum().item<double>(), 0);
  EXPECT_FALSE(at::equal(judge.prototypes("noto")[0], judge.prototypes()[0]));
}

TEST(Sample, IsTheSameEachTimeAndHasNoDoubles) {
  std::vector<int64_t> all(50);
  for (int64_t i = 0; i < 50; ++i) all[static_cast<size_t>(i)] = i;
  const auto a = sample(all, 20, 1), b = sample(all, 20, 1);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, sample(all, 20, 2));
  EXPECT_EQ(std::set<int64_t>(a.begin(), a.end()).size(), 20u);
  EXPECT_EQ(sample(all, 100, 1).size(), 50u);
}

}  // namespace
}  // namespace atelier::eval
