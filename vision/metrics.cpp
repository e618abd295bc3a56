#include "vision/image.h"

#include "base/error.h"

#include <array>
#include <cmath>
#include <limits>

namespace atelier::vision {
namespace {

constexpr int kRadius = 5;
constexpr int kWindow = 2 * kRadius + 1;

std::array<double, kWindow> gaussian_window(double sigma) {
  std::array<double, kWindow> window;
  double total = 0;
  for (int i = 0; i < kWindow; ++i) total += window[i] = std::exp(-(i - kRadius) * (i - kRadius) / (2 * sigma * sigma));
  for (double& weight : window) weight /= total;
  return window;
}

/// The Gaussian mean wherever the window lies inside: (height - 10) x (width - 10).
std::vector<double> smooth(const std::vector<double>& plane, int64_t width, int64_t height) {
  static const std::array<double, kWindow> window = gaussian_window(1.5);
  const int64_t inner_width = width - 2 * kRadius, inner_height = height - 2 * kRadius;
  std::vector<double> rows(height * inner_width, 0.0), out(inner_height * inner_width, 0.0);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < inner_width; ++x)
      for (int k = 0; k < kWindow; ++k) rows[y * inner_width + x] += window[k] * plane[y * width + x + k];
  for (int64_t y = 0; y < inner_height; ++y)
    for (int k = 0; k < kWindow; ++k)
      for (int64_t x = 0; x < inner_width; ++x) out[y * inner_width + x] += window[k] * rows[(y + k) * inner_width + x];
  return out;
}

void require_same_rgb(const Image& a, const Image& b) {
  REQUIRE(a.channels == 3 && b.channels == 3, "only RGB pictures can be compared");
  REQUIRE(a.width == b.width && a.height == b.height, "pictures of {} x {} and {} x {} cannot be compared", a.width,
          a.height, b.width, b.height);
}

}  // namespace

double psnr(const Image& a, const Image& b) {
  require_same_rgb(a, b);
  double squares = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const double difference = static_cast<double>(a.pixels[i]) - b.pixels[i];
    squares += difference * difference;
  }
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / squares);
}

// Wang et al. 2004, with the population covariance and the border left out.
double ssim(const Image& a, const Image& b) {
  require_same_rgb(a, b);
  REQUIRE(a.width >= kWindow && a.height >= kWindow, "SSIM needs pictures of at least {0} x {0} pixels, not {1} x {2}",
          kWindow, a.width, a.height);
  constexpr double c1 = (0.01 * 255) * (0.01 * 255), c2 = (0.03 * 255) * (0.03 * 255);
  const size_t count = a.pixels.size() / 3;
  double total = 0;
  size_t places = 0;
  for (int c = 0; c < 3; ++c) {
    std::vector<double> x(count), y(count), xx(count), yy(count), xy(count);
    for (size_t i = 0; i < count; ++i) {
      x[i] = a.pixels[3 * i + c], y[i] = b.pixels[3 * i + c];
      xx[i] = x[i] * x[i], yy[i] = y[i] * y[i], xy[i] = x[i] * y[i];
    }
    for (std::vector<double>* plane : {&x, &y, &xx, &yy, &xy}) *plane = smooth(*plane, a.width, a.height);
    for (size_t i = 0; i < x.size(); ++i) {
      const double mean_product = x[i] * y[i], mean_squares = x[i] * x[i] + y[i] * y[i];
      const double covariance = xy[i] - mean_product, variances = xx[i] + yy[i] - mean_squares;
      total += (2 * mean_product + c1) * (2 * covariance + c2) / ((mean_squares + c1) * (variances + c2));
    }
    places += x.size();
  }
  return total / static_cast<double>(places);
}

}  // namespace atelier::vision
