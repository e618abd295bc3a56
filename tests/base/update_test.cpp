// AdamW and Muon against numbers recorded from PyTorch 2.13 and from Muon's formula in float64
// (tests/data/optimisers.safetensors).
#include "base/update.h"

#include "base/compute.h"
#include "base/safetensors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace atelier::base {
namespace {

struct Recorded {
  Safetensors file{ATELIER_TEST_DATA "/optimisers.safetensors"};
  Tensor operator()(const std::string& kind, int index, int step) const {
    return file.read(fmt::format("{}{}_{}", kind, index, step));
  }
};

Stretch stretch_of(const Tensor& start, at::ScalarType leaf) {
  const Tensor master = start.reshape(-1).clone();
  return {master, at::zeros_like(master), master.clone(), master.to(leaf)};
}

double largest_difference(const Tensor& a, const Tensor& b) { return (a - b.reshape(-1)).abs().max().item<double>(); }

/// Leaf, average and gradient after an update.
void expect_followers(const Stretch& s, const Tensor& before, const Tensor& average_before) {
  EXPECT_FALSE(s.master.equal(before));
  EXPECT_TRUE(s.leaf.equal(s.master.to(s.leaf.scalar_type())));
  EXPECT_TRUE(at::allclose(s.average, at::lerp(average_before, s.master, 0.25), 1e-6, 1e-7));
  EXPECT_EQ(s.gradient.count_nonzero().item<int64_t>(), 0);
}

class Update : public testing::TestWithParam<bool> {};  // true: as on other devices

// The leaf's dtype changes with the parameter, so that both copies are tested.
TEST_P(Update, AdamWReproducesTorch) {
  const Recorded recorded;
  const auto step_function = GetParam() ? operators::adamw_step : adamw_step;
  for (int p = 0; p < 3; ++p) {
    const Stretch s = stretch_of(recorded("adamw_p", p, 0), p == 1 ? at::kFloat : at::kBFloat16);
    const Tensor exp_avg = at::zeros_like(s.master), exp_avg_sq = at::zeros_like(s.master);
    for (int step = 1; step <= 10; ++step) {
      const Tensor before = s.master.clone(), average_before = s.average.clone();
      s.gradient.copy_(recorded("adamw_g", p, step).reshape(-1) * 2);
      step_function(s, exp_avg, exp_avg_sq, 0.9, 0.98, 1e-8, step,
                    {.learning_rate = 1e-2, .weight_decay = 0.1, .gradient_scale = 0.5, .average_rest = 0.25});
      EXPECT_LT(largest_difference(s.master, recorded("adamw_p", p, step)), 1e-6) << p << " at step " << step;
      expect_followers(s, before, average_before);
    }
  }
}

TEST_P(Update, MuonReproducesItsFormula) {
  const Recorded recorded;
  const auto step_function = GetParam() ? operators::muon_step : muon_step;
  // In bf16 an update (up to 2e-3 * 0.2 * sqrt(8) = 1.1e-3 a number) is off by some hundredths, and there are ten.
  for (const auto& [precision, tolerance] : {std::pair{at::kFloat, 1e-6}, std::pair{at::kBFloat16, 3e-4}}) {
    for (int p = 0; p < 3; ++p) {
      const Tensor start = recorded("muon_p", p, 0);
      // The same matrix twice, to see that a batch keeps its members apart.
      const Stretch s = stretch_of(at::cat({start, start}), p == 1 ? at::kFloat : at::kBFloat16);
      const Tensor momentum = at::zeros_like(s.master);
      for (int step = 1; step <= 10; ++step) {
        const Tensor before = s.master.clone(), average_before = s.average.clone();
        const Tensor g = recorded("muon_g", p, step).reshape(-1);
        s.gradient.copy_(at::cat({g, g}) * 2);
        step_function(s, momentum, {{0, 2, start.size(0), start.size(1)}}, 0.95, precision,
                      {.learning_rate = 2e-3, .weight_decay = 0.02, .gradient_scale = 0.5, .average_rest = 0.25});
        const Tensor expected = recorded("muon_p", p, step);
        EXPECT_LT(largest_difference(s.master, at::cat({expected, expected})), tolerance) << p << " at step " << step;
        expect_followers(s, before, average_before);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OnThisProcessor, Update, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "ByOperators" : "ByLoops"; });

}  // namespace
}  // namespace atelier::base
