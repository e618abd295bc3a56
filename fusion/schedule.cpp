#include "fusion/schedule.h"

#include "base/error.h"

#include <cmath>
#include <numbers>

namespace atelier::fusion {

Prediction prediction_named(const std::string& name) {
  if (name == "epsilon") return Prediction::epsilon;
  if (name == "v") return Prediction::v;
  REQUIRE(name == "flow", "prediction must be epsilon, v or flow, not \"{}\"", name);
  return Prediction::flow;
}

NoiseSchedule::NoiseSchedule(Prediction prediction) : prediction_(prediction) {
  // Nichol and Dhariwal, eq. 17: abar(t) = cos^2((t / T + s) / (1 + s) * pi / 2), s = 0.008; beta capped at 0.999.
  const auto abar = [](double t) {
    const double c = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
    return c * c;
  };
  double product = 1;
  for (int k = 0; k < static_cast<int>(kTrainTimesteps); ++k) {
    const double beta = std::min(1 - abar((k + 1) / kTrainTimesteps) / abar(k / kTrainTimesteps), 0.999);
    alphas_cumprod_.push_back(product *= 1 - beta);
  }
}

Level NoiseSchedule::at(double time) const {
  ASSERT(time >= 0 && time <= kTrainTimesteps);
  if (time == 0) return {0, 1, 0};
  if (prediction_ == Prediction::flow) return {time, 1 - time / kTrainTimesteps, time / kTrainTimesteps};
  const double abar = alphas_cumprod_.at(std::max<int64_t>(std::llround(time) - 1, 0));
  return {time, std::sqrt(abar), std::sqrt(1 - abar)};
}

std::vector<Level> NoiseSchedule::levels(int steps, double shift) const {
  REQUIRE(steps >= 1 && steps <= kTrainTimesteps, "steps must be 1 to 1000, not {}", steps);
  std::vector<Level> result;
  for (int i = 0; i < steps; ++i) {
    double t = 1 - static_cast<double>(i) / steps;
    if (prediction_ == Prediction::flow) {
      t = shift * t / (1 + (shift - 1) * t);
      result.push_back(at(kTrainTimesteps * t));
    } else {
      result.push_back(at(std::max(std::nearbyint(kTrainTimesteps * t), 1.0)));
    }
  }
  result.push_back(at(0));
  return result;
}

std::pair<Tensor, Tensor> NoiseSchedule::batch(const Tensor& time) const {
  const Tensor cpu = time.to(at::kCPU, at::kDouble).contiguous();
  const int64_t n = cpu.numel();
  Tensor alpha = at::empty({n, 1, 1, 1}, at::kFloat), sigma = at::empty({n, 1, 1, 1}, at::kFloat);
  for (int64_t i = 0; i < n; ++i) {
    const Level level = at(cpu.data_ptr<double>()[i]);
    alpha.data_ptr<float>()[i] = static_cast<float>(level.alpha);
    sigma.data_ptr<float>()[i] = static_cast<float>(level.sigma);
  }
  return {alpha.to(time.device()), sigma.to(time.device())};
}

std::pair<Tensor, Tensor> NoiseSchedule::noised_and_target(const Tensor& x0, const Tensor& epsilon, const Tensor& time) const {
  const auto [alpha, sigma] = batch(time);
  const Tensor x_t = alpha * x0 + sigma * epsilon;
  switch (prediction_) {
    case Prediction::epsilon: return {x_t, epsilon};
    case Prediction::v: return {x_t, alpha * epsilon - sigma * x0};
    case Prediction::flow: return {x_t, epsilon - x0};
  }
  ASSERT(false);
}

Estimate NoiseSchedule::estimate(const Tensor& x_t, const Tensor& output, const Level& level) const {
  switch (prediction_) {
    case Prediction::epsilon: return {(x_t - level.sigma * output) / level.alpha, output};
    case Prediction::v: return {level.alpha * x_t - level.sigma * output, level.sigma * x_t + level.alpha * output};
    case Prediction::flow: return {x_t - level.sigma * output, x_t + level.alpha * output};
  }
  ASSERT(false);
}

Tensor draw_times(Prediction prediction, int64_t batch, double limit, at::Generator generator) {
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const Tensor uniform = at::rand({batch}, generator, options);
  if (prediction != Prediction::flow) return (uniform * limit).floor() + 1;
  const Tensor normal = at::randn({batch}, generator, options), choice = at::rand({batch}, generator, options);
  return at::where(choice < 0.1, uniform, at::sigmoid(normal + 0.8)).clamp(1e-3, 1) * limit;
}

}  // namespace atelier::fusion
