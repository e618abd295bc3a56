#include "sketchpad/least_squares.h"

#include <opencv2/core.hpp>

#include <cmath>

namespace atelier::sketchpad {
namespace {

double squares(const std::vector<double>& r) {
  double sum = 0;
  for (double v : r) sum += v * v;
  return std::isfinite(sum) ? sum : 1e300;
}

}  // namespace

double least_squares(const std::function<void(const std::vector<double>&, std::vector<double>&)>& residuals,
    std::vector<double>& at, int iterations) {
  const auto n = static_cast<int>(at.size());
  std::vector<double> here, there, moved = at;
  residuals(at, here);
  const auto m = static_cast<int>(here.size());
  double error = squares(here), damping = 1e-2;
  cv::Mat jacobian(m, n, CV_64F), normal, step;
  for (int k = 0; k < iterations && error > 1e-16; ++k) {
    for (int j = 0; j < n; ++j) {
      const double h = 1e-6 * (1 + std::abs(at[j])), kept = at[j];
      at[j] = kept + h;
      residuals(at, there);
      at[j] = kept;
      for (int i = 0; i < m; ++i) jacobian.at<double>(i, j) = (there[i] - here[i]) / h;
    }
    const cv::Mat product = jacobian.t() * jacobian, gradient = jacobian.t() * cv::Mat(m, 1, CV_64F, here.data());
    bool better = false;
    for (int attempt = 0; attempt < 8 && !better; ++attempt) {
      normal = product.clone();
      for (int j = 0; j < n; ++j) normal.at<double>(j, j) += damping * (product.at<double>(j, j) + 1e-6);
      if (!cv::solve(normal, gradient, step, cv::DECOMP_CHOLESKY)) {
        damping *= 10;
        continue;
      }
      for (int j = 0; j < n; ++j) moved[j] = at[j] - step.at<double>(j);
      residuals(moved, there);
      const double next = squares(there);
      better = next < error;
      damping = better ? std::max(1e-9, damping * 0.3) : damping * 5;
      if (!better) continue;
      const bool settled = error - next < 1e-12 * error;
      at = moved, here = there, error = next;
      if (settled) return error;
    }
    if (!better) break;
  }
  return error;
}

}  // namespace atelier::sketchpad
