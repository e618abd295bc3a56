#include "fusion/sampler.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace atelier::fusion {

const std::vector<std::string>& sampler_names() {
  static const std::vector<std::string> names = {"ddim", "ddpm", "dpmpp-2m"};
  return names;
}

Sampler::Sampler(const std::string& name, const NoiseSchedule& schedule, std::vector<Level> levels)
    : schedule_(schedule), levels_(std::move(levels)) {
  const auto& names = sampler_names();
  const auto found = std::find(names.begin(), names.end(), name);
  REQUIRE(found != names.end(), "sampler must be one of {}, not \"{}\"", fmt::join(names, ", "), name);
  rule_ = static_cast<Rule>(found - names.begin());
  ASSERT(levels_.size() >= 2);
}

Tensor Sampler::step(int64_t i, const Tensor& x, const Tensor& output, at::Generator& generator) {
  const Level &now = levels_.at(i), &next = levels_.at(i + 1);
  const Estimate e = schedule_.estimate(x, output, now);
  previous_x0_ = std::exchange(x0_, e.x0);
  if (next.sigma == 0) return x0_;

  switch (rule_) {
    case Rule::ddim: return next.alpha * e.x0 + next.sigma * e.epsilon;

    case Rule::ddpm: {
      // The posterior q(x_s | x_t, x0) of a Gaussian path: a = alpha_t / alpha_s, sigma^2_{t|s} = sigma_t^2 - a^2 sigma_s^2.
      const double a = now.alpha / next.alpha, variance = now.sigma * now.sigma, kept = next.sigma * next.sigma;
      const double added = variance - a * a * kept;
      const Tensor mean = (a * kept / variance) * x + (next.alpha * added / variance) * e.x0;
      return mean + std::sqrt(added * kept / variance) * at::randn(x.sizes(), generator, at::kFloat).to(x.device());
    }

    case Rule::dpmpp_2m: {
      const auto lambda = [](const Level& l) { return std::log(l.alpha / l.sigma); };
      const double h = lambda(next) - lambda(now), factor = -next.alpha * std::expm1(-h);
      const Tensor first = (next.sigma / now.sigma) * x + factor * e.x0;
      if (!previous_x0_.defined()) return first;
      const double r = (lambda(now) - lambda(levels_.at(i - 1))) / h;
      return first + (0.5 * factor / r) * (e.x0 - previous_x0_);
    }
  }
  ASSERT(false);
}

}  // namespace atelier::fusion
