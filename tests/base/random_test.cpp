#include "base/random.h"
#include "base/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <unordered_set>

namespace atelier::base {
namespace {

TEST(Mix, EveryPartCounts) {
  std::unordered_set<uint64_t> seen;
  for (uint64_t a = 0; a < 20; ++a)
    for (uint64_t b = 0; b < 20; ++b)
      for (uint64_t c = 0; c < 20; ++c) seen.insert(mix(a, b, c));
  EXPECT_EQ(seen.size(), 8000u);
}

TEST(Generator, IsAFunctionOfItsKey) {
  const auto draw = [](uint64_t a, uint64_t b, uint64_t c) { return at::randn({100}, generator(a, b, c)); };
  EXPECT_TRUE(draw(1, 2, 3).equal(draw(1, 2, 3)));
  EXPECT_FALSE(draw(1, 2, 3).equal(draw(1, 2, 4)));
  EXPECT_FALSE(draw(1, 2, 3).equal(draw(3, 2, 1)));
}

TEST(Generator, DrawsFromTheDistributionsAskedFor) {
  const Tensor x = at::randn({200000}, generator(5));
  EXPECT_NEAR(x.mean().item<double>(), 0, 0.01);
  EXPECT_NEAR(x.std().item<double>(), 1, 0.01);
  const Tensor u = at::rand({200000}, generator(6));
  EXPECT_NEAR(u.mean().item<double>(), 0.5, 0.005);
}

// LibTorch's own seeding keeps 32 bits of a seed: 4.7 equal pairs would be expected here.
TEST(Generator, KeysDoNotCollide) {
  std::unordered_set<int64_t> first_draws;
  const Tensor x = at::empty({1}, at::kLong);
  for (uint64_t key = 0; key < 200000; ++key) {
    x.random_(generator(17, key));
    first_draws.insert(x.data_ptr<int64_t>()[0]);
  }
  EXPECT_EQ(first_draws.size(), 200000u);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform(), n = random.normal();
    ASSERT_TRUE(u >= 0 && u < 1 && std::isfinite(n));
    sum += u, squares += u * u, normal_sum += n, normal_squares += n * n;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.003);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.003);
  EXPECT_NEAR(normal_sum / kDraws, 0, 0.01);
  EXPECT_NEAR(normal_squares / kDraws, 1, 0.015);
}

TEST(Random, BelowIsEvenAndBetweenIncludesBothEnds) {
  Random random(2);
  std::array<int, 7> counts = {};
  for (int i = 0; i < 70000; ++i) ++counts[static_cast<size_t>(random.below(7))];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);  // four deviations
  std::array<int, 3> ends = {};
  for (int i = 0; i < 300; ++i) ++ends[static_cast<size_t>(random.between(-1, 1) + 1)];
  for (const int count : ends) EXPECT_GT(count, 50);
  EXPECT_EQ(random.below(1), 0);
  for (int i = 0; i < 100; ++i) {
    const int64_t large = random.below(INT64_MAX);
    EXPECT_TRUE(large >= 0 && large < INT64_MAX);
  }
}

TEST(Random, WeightedDrawsAsOftenAsTheWeightsSay) {
  Random random(8);
  const std::vector<double> sums = {0, 1, 4, 4, 6};  // of 0, 1, 3, 0, 2
  std::vector<int64_t> drawn(sums.size());
  for (int i = 0; i < 60000; ++i) ++drawn[random.weighted(sums)];
  EXPECT_EQ(drawn[0] + drawn[3], 0);
  EXPECT_NEAR(static_cast<double>(drawn[1]), 10000, 460);  // five deviations
  EXPECT_NEAR(static_cast<double>(drawn[2]), 30000, 620);
}

TEST(Random, ChanceIsItsProbability) {
  Random random(3);
  int hits = 0;
  for (int i = 0; i < 100000; ++i) hits += random.chance(0.1);
  EXPECT_NEAR(hits, 10000, 400);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
}

}  // namespace
}  // namespace atelier::base
