// Noise schedules and samplers: recorded diffusers runs on a toy model, and Gaussians solved in closed form.
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "fusion/sampler.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <cmath>

namespace atelier::fusion {
namespace {

// schedulers.json: model(x, t) = tanh(0.7 x + 0.1) (1 + 0.2 sin(t / 50))
Tensor toy(const Tensor& x, double t) { return at::tanh(x * 0.7 + 0.1) * (1 + 0.2 * std::sin(t / 50)); }

Tensor run(const std::string& sampler_name, const NoiseSchedule& schedule, std::vector<Level> levels, Tensor x, double time_offset) {
  Sampler sampler(sampler_name, schedule, std::move(levels));
  at::Generator generator = base::generator(0);
  for (int64_t i = 0; i < sampler.steps(); ++i) x = sampler.step(i, x, toy(x, sampler.level(i).time - time_offset), generator);
  return x;
}

TEST(NoiseSchedule, CosineProductsAreTheRecordedOnes) {
  const Tensor expected = base::Safetensors(kData / "schedulers.safetensors").read("alphas_cumprod").to(at::kDouble);
  const NoiseSchedule schedule(Prediction::epsilon);
  ASSERT_EQ(expected.numel(), static_cast<int64_t>(kTrainTimesteps));
  for (int64_t k = 0; k < expected.numel(); ++k) {
    const double alpha = schedule.at(static_cast<double>(k + 1)).alpha;
    EXPECT_NEAR(alpha * alpha, expected[k].item<double>(), 2e-6) << k;
  }
}

TEST(Sampler, CosineRunsEqualTheRecordedOnes) {
  const base::Safetensors file(kData / "schedulers.safetensors");
  const base::json times = base::read_json(kData / "schedulers.json")["timesteps"];
  for (const auto& [kind, prediction] : {std::pair{"epsilon", Prediction::epsilon}, std::pair{"v_prediction", Prediction::v}})
    for (const int n : {10, 25, 50})
      for (const auto& [theirs, ours] : {std::pair{"ddim", "ddim"}, std::pair{"dpmpp2m", "dpmpp-2m"}}) {
        const std::string key = fmt::format("{}_{}_{}", theirs, kind, n);
        const NoiseSchedule schedule(prediction);
        const auto levels = schedule.levels(n);
        for (int i = 0; i < n; ++i) EXPECT_EQ(levels[i].time - 1, times[key][i].get<double>()) << key;
        const Tensor x0 = file.read(key + "_x0"), expected = file.read(key + "_final");
        // Recorded with alphas in fp32, ours in double: relative to the size of the result.
        const Tensor x = run(ours, schedule, levels, x0.to(at::kDouble), 1).to(at::kFloat);
        EXPECT_LT((x - expected).abs().max().item<double>(), 1e-4 * expected.abs().max().item<double>()) << key;
      }
}

TEST(Sampler, FlowRunsEqualTheRecordedEuler) {
  const base::Safetensors file(kData / "schedulers.safetensors");
  const NoiseSchedule schedule(Prediction::flow);
  for (const char* key : {"flow_euler_25_shift1", "flow_euler_25_shift3"}) {
    const Tensor sigmas = file.read(std::string(key) + "_sigmas").to(at::kDouble);
    std::vector<Level> levels;
    for (int64_t i = 0; i < sigmas.numel(); ++i) levels.push_back(schedule.at(1000 * sigmas[i].item<double>()));
    const Tensor x = run("ddim", schedule, levels, file.read(std::string(key) + "_x0").to(at::kDouble), 0);
    EXPECT_LT((x.to(at::kFloat) - file.read(std::string(key) + "_final")).abs().max().item<double>(), 1e-4) << key;
  }
}

// x0 ~ N(mu, s^2): the best prediction is known, and so is where the probability flow takes every x_T.
struct Gaussian {
  double mean = 0.7, deviation = 0.4;
  Tensor predict(const NoiseSchedule& schedule, const Tensor& x, const Level& l) const {
    const double variance = l.alpha * l.alpha * deviation * deviation + l.sigma * l.sigma;
    const Tensor epsilon = l.sigma * (x - l.alpha * mean) / variance;
    const Tensor x0 = mean + l.alpha * deviation * deviation * (x - l.alpha * mean) / variance;
    switch (schedule.prediction()) {
      case Prediction::epsilon: return epsilon;
      case Prediction::v: return l.alpha * epsilon - l.sigma * x0;
      default: return epsilon - x0;
    }
  }
  double error(const std::string& name, Prediction prediction, int steps) const {
    const NoiseSchedule schedule(prediction);
    Sampler sampler(name, schedule, schedule.levels(steps));
    const Tensor start = at::linspace(-2, 2, 9, at::kDouble);
    const Level& top = sampler.level(0);
    const Tensor exact = mean + deviation * (start - top.alpha * mean) /
                                    std::sqrt(top.alpha * top.alpha * deviation * deviation + top.sigma * top.sigma);
    Tensor x = start;
    at::Generator generator = base::generator(1);
    for (int64_t i = 0; i < sampler.steps(); ++i) x = sampler.step(i, x, predict(schedule, x, sampler.level(i)), generator);
    return (x - exact).abs().max().item<double>();
  }
};

TEST(Sampler, SolvesAGaussianInClosedForm) {
  const Gaussian gaussian;
  for (const Prediction p : {Prediction::epsilon, Prediction::v, Prediction::flow}) {
    EXPECT_LT(gaussian.error("ddim", p, 500), 0.02);
    EXPECT_LT(gaussian.error("dpmpp-2m", p, 100), 0.02);
    // More steps must pay, or the rule does not converge to the flow at all.
    EXPECT_LT(gaussian.error("ddim", p, 250), 0.6 * gaussian.error("ddim", p, 100));
    EXPECT_LT(gaussian.error("dpmpp-2m", p, 40), 0.6 * gaussian.error("dpmpp-2m", p, 20));
  }
  EXPECT_LT(gaussian.error("dpmpp-2m", Prediction::v, 25), gaussian.error("ddim", Prediction::v, 25));
}

TEST(Sampler, DdpmReachesTheGaussiansMoments) {
  const Gaussian gaussian;
  for (const Prediction p : {Prediction::epsilon, Prediction::flow}) {
    const NoiseSchedule schedule(p);
    Sampler sampler("ddpm", schedule, schedule.levels(200));
    at::Generator generator = base::generator(2);
    Tensor x = at::randn({20000}, generator, at::kFloat);
    for (int64_t i = 0; i < sampler.steps(); ++i) x = sampler.step(i, x, gaussian.predict(schedule, x, sampler.level(i)), generator);
    EXPECT_NEAR(x.mean().item<double>(), gaussian.mean, 0.02);
    EXPECT_NEAR(x.std().item<double>(), gaussian.deviation, 0.02);
  }
}

TEST(NoiseSchedule, ForwardProcessHasItsMoments) {
  for (const Prediction p : {Prediction::epsilon, Prediction::v, Prediction::flow}) {
    const NoiseSchedule schedule(p);
    for (const double time : {1.0, 250.0, 500.0, 900.0, 1000.0}) {
      const Level l = schedule.at(time);
      const Tensor x0 = at::full({1, 1, 100, 100}, 2.0), epsilon = at::randn({1, 1, 100, 100}, base::generator(3), at::kFloat);
      const auto [x_t, target] = schedule.noised_and_target(x0, epsilon, at::full({1}, time));
      EXPECT_NEAR(x_t.mean().item<double>(), 2 * l.alpha, 0.05);
      EXPECT_NEAR(x_t.std().item<double>(), l.sigma, 0.05);
      // The target leads back to where x_t came from.
      const Estimate e = schedule.estimate(x_t, target, l);
      if (l.alpha > 0.01) {
        EXPECT_LT((e.x0 - x0).abs().max().item<double>(), 0.01);
        EXPECT_LT((e.epsilon - epsilon).abs().max().item<double>(), 0.01);
      }
    }
    EXPECT_EQ(schedule.at(0).sigma, 0);
  }
}

TEST(DrawTimes, StaysBelowItsLimit) {
  for (const Prediction p : {Prediction::epsilon, Prediction::flow}) {
    const Tensor t = draw_times(p, 2000, 500, base::generator(4));
    EXPECT_GT(t.min().item<double>(), 0);
    EXPECT_LE(t.max().item<double>(), 500);
    EXPECT_GT(t.max().item<double>(), 450);
  }
}

TEST(Sampler, RefusesUnknownNamesAndStepCounts) {
  const NoiseSchedule schedule(Prediction::flow);
  EXPECT_THROW(Sampler("euler-a", schedule, schedule.levels(4)), base::InvalidArgument);
  EXPECT_THROW(schedule.levels(0), base::InvalidArgument);
  EXPECT_THROW(schedule.levels(1001), base::InvalidArgument);
}

}  // namespace
}  // namespace atelier::fusion
