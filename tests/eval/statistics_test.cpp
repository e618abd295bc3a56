#include "eval/statistics.h"

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "tests/support.h"

namespace atelier::eval {
namespace {

// tests/data/README.md: numpy and scipy's sqrtm over the same samples.
TEST(FrechetDistance, EqualsTheRecordedOne) {
  const base::Safetensors file(ATELIER_TEST_DATA "/frechet_samples.safetensors");
  const double expected = base::read_json(ATELIER_TEST_DATA "/metrics.json").at("frechet_distance").get<double>();
  EXPECT_NEAR(frechet_distance(file.read("x"), file.read("y")), expected, 1e-6);
  EXPECT_NEAR(frechet_distance(file.read("y"), file.read("x")), expected, 1e-6);
}

// One dimension: (mean difference)^2 + (deviation difference)^2.
TEST(FrechetDistance, IsTheClosedFormInOneDimension) {
  const Tensor a = at::tensor({-1.0, 1.0}).unsqueeze(1), b = at::tensor({1.0, 7.0}).unsqueeze(1);  // deviations sqrt 2, sqrt 18
  EXPECT_NEAR(frechet_distance(a, b), 16 + 8, 1e-9);
  EXPECT_NEAR(frechet_distance(a, a), 0, 1e-9);
  EXPECT_ERROR(frechet_distance(a.slice(0, 0, 1), b), base::InvalidArgument, "at least two samples");
}

// Fewer samples than dimensions: the covariances are singular, the distance is still one.
TEST(FrechetDistance, OfFewSamplesIsFiniteAndZeroForTheSame) {
  const Tensor a = at::randn({10, 64}, base::generator(1), at::kFloat);
  EXPECT_NEAR(frechet_distance(a, a), 0, 1e-5);
  const Interval interval = frechet_interval(a, a + 1, 40);
  EXPECT_NEAR(interval.value, 64, 1e-4);
  EXPECT_LT(interval.low, interval.value);
  EXPECT_GT(interval.high, interval.value);
}

TEST(Bootstrap, IsTheSameEachTimeAndHoldsTheValue) {
  const std::vector<double> values = {1, 0, 1, 1, 0, 1, 1, 0, 1, 1};
  const Interval a = mean_interval(values), b = mean_interval(values);
  EXPECT_DOUBLE_EQ(a.value, 0.7);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_LT(a.low, 0.7);
  EXPECT_GT(a.high, 0.7);
  EXPECT_ERROR(mean_interval({}), base::InvalidArgument, "nothing was measured");
}

// What a 95 % interval promises: in about 95 of 100 experiments the true value lies in it.
TEST(Bootstrap, CoversTheTrueMean) {
  int covered = 0;
  constexpr int kExperiments = 300;
  for (int e = 0; e < kExperiments; ++e) {
    base::Random random(7, static_cast<uint64_t>(e));
    std::vector<double> values(60);
    for (double& value : values) value = random.chance(0.3);
    const Interval interval = mean_interval(values);
    covered += interval.low <= 0.3 && 0.3 <= interval.high;
  }
  EXPECT_GE(covered, kExperiments * 91 / 100);
  EXPECT_LE(covered, kExperiments * 98 / 100);
}

// Ten questions about one scene that are all right or all wrong say as much as one.
TEST(Bootstrap, DrawsGroupsTogether) {
  std::vector<double> values, once;
  std::vector<int64_t> groups;
  for (int64_t scene = 0; scene < 20; ++scene) {
    once.push_back(scene % 2 == 0);
    for (int i = 0; i < 10; ++i) values.push_back(scene % 2 == 0), groups.push_back(scene);
  }
  const Interval grouped = mean_interval(values, groups), apart = mean_interval(values), scenes = mean_interval(once);
  EXPECT_DOUBLE_EQ(grouped.value, 0.5);
  EXPECT_NEAR(grouped.high - grouped.low, scenes.high - scenes.low, 1e-12);
  EXPECT_LT(apart.high - apart.low, 0.6 * (grouped.high - grouped.low));
}

TEST(Bootstrap, OfDifferencesForgetsWhatPairsShare) {
  base::Random random(3);
  std::vector<double> a, b;
  for (int i = 0; i < 50; ++i) {
    const double shared = 10 * random.normal();
    a.push_back(shared + 1);
    b.push_back(shared);
  }
  const Interval difference = difference_interval(a, b);
  EXPECT_NEAR(difference.value, 1, 1e-12);
  EXPECT_NEAR(difference.high, 1, 1e-12);
  EXPECT_NEAR(ratio_interval(std::vector<double>{2, 4}, std::vector<double>{1, 2}).low, 2, 1e-12);
}

TEST(PairwiseSimilarity, IsTheMeanOverPairs) {
  const Tensor rows = at::tensor({1.0, 0.0, 0.0, 1.0, 1.0, 0.0}).view({3, 2});
  EXPECT_NEAR(pairwise_similarity(rows), 1.0 / 3, 1e-12);
  const Tensor unit = prototype(rows);
  EXPECT_NEAR(unit[0].item<double>() / unit[1].item<double>(), 2, 1e-9);
  EXPECT_NEAR(at::linalg_vector_norm(unit).item<double>(), 1, 1e-9);
}

}  // namespace
}  // namespace atelier::eval
