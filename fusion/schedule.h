#pragma once
/// The forward process and what the network predicts of it.
///
/// Two paths from a picture x0 to noise: the cosine DDPM of Nichol and Dhariwal (T = 1000, Transfusion and LMFusion), and
/// the straight line of flow matching. On both, x_t = alpha x0 + sigma epsilon; everything else follows from the pair.
#include "base/tensor.h"

#include <string>
#include <vector>

namespace atelier::fusion {

inline constexpr double kTrainTimesteps = 1000;

enum class Prediction { epsilon, v, flow };
/// @throws InvalidArgument for any other name
Prediction prediction_named(const std::string& name);

/// One noise level. `time` is in [0, 1000]: what the network is told.
struct Level {
  double time, alpha, sigma;
};

/// What is known at a level once the network has answered. @param all of one shape, fp32
struct Estimate {
  Tensor x0, epsilon;
};

class NoiseSchedule {
 public:
  explicit NoiseSchedule(Prediction prediction);

  /// @param time in [0, 1000]; 0 is the clean picture. On the cosine path time k is the k-th product of (1 - beta).
  Level at(double time) const;

  /// `steps` levels from the noisiest down ("trailing" spacing) and the clean one behind them: steps + 1 in all.
  /// @param shift  flow only: t -> shift t / (1 + (shift - 1) t), more steps where it is noisy
  std::vector<Level> levels(int steps, double shift = 1) const;

  /// alpha and sigma for a batch of times. @param time (batch) fp32 @return (batch, 1, 1, 1) each
  std::pair<Tensor, Tensor> batch(const Tensor& time) const;

  /// x_t, and what the network should answer to it: epsilon, v = alpha epsilon - sigma x0 (Salimans and Ho), or
  /// flow = epsilon - x0. @param x0, epsilon (batch, …)
  std::pair<Tensor, Tensor> noised_and_target(const Tensor& x0, const Tensor& epsilon, const Tensor& time) const;

  Estimate estimate(const Tensor& x_t, const Tensor& output, const Level& level) const;

  Prediction prediction() const { return prediction_; }

 private:
  Prediction prediction_;
  std::vector<double> alphas_cumprod_;  // cosine path: product of (1 - beta) up to step k, k = 0..999
};

/// Training times, one a picture: uniform over 1..1000 for the cosine path; for flow 1000 sigmoid(N(0.8, 1)) in 9 of 10
/// and uniform otherwise. @param limit  upper end, 500 where the picture comes first (Transfusion 1.2)
/// @return (batch) fp32
Tensor draw_times(Prediction prediction, int64_t batch, double limit, at::Generator generator);

}  // namespace atelier::fusion
