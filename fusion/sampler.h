#pragma once
/// From noise to a picture: the update rules, apart from the network that they ask.
#include "fusion/schedule.h"

#include <optional>
#include <string>
#include <vector>

namespace atelier::fusion {

/// ddim (Song et al.; on the flow path this is Euler's method), ddpm (Ho et al., ancestral), dpmpp-2m (Lu et al.,
/// DPM-Solver++ multistep of second order, first order in the first and the last step).
const std::vector<std::string>& sampler_names();

/// One picture's way down a list of levels. Keeps what its rule must remember between steps.
class Sampler {
 public:
  /// @param levels  noisiest first, at least two, as NoiseSchedule::levels gives them
  /// @throws InvalidArgument for a name that is not in sampler_names()
  Sampler(const std::string& name, const NoiseSchedule& schedule, std::vector<Level> levels);

  int64_t steps() const { return static_cast<int64_t>(levels_.size()) - 1; }
  const Level& level(int64_t i) const { return levels_.at(i); }

  /// x at level i to x at level i + 1. @param x, output (…) fp32, of one shape
  /// @param generator  drawn from by ddpm alone
  Tensor step(int64_t i, const Tensor& x, const Tensor& output, at::Generator& generator);

  /// The network's latest idea of the finished picture.
  const Tensor& x0() const { return x0_; }

 private:
  enum class Rule { ddim, ddpm, dpmpp_2m } rule_;
  const NoiseSchedule& schedule_;
  std::vector<Level> levels_;
  Tensor x0_, previous_x0_;
};

}  // namespace atelier::fusion
