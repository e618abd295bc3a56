#include "sketchpad/curve_reading.h"

#include "base/error.h"

#include <map>

namespace atelier::sketchpad {
namespace {

// The commonest strong colour, on a coarse scale.
Colour strongest_colour(const cv::Mat& rgb) {
  const cv::Mat strong = colourful_mask(rgb, 90);
  std::map<int, std::pair<int, cv::Vec3i>> seen;
  for (int y = 0; y < rgb.rows; ++y)
    for (int x = 0; x < rgb.cols; ++x) {
      if (!strong.at<uint8_t>(y, x)) continue;
      const auto& p = rgb.at<cv::Vec3b>(y, x);
      auto& bin = seen[(p[0] / 32) * 64 + (p[1] / 32) * 8 + p[2] / 32];
      ++bin.first, bin.second += cv::Vec3i(p[0], p[1], p[2]);
    }
  REQUIRE(!seen.empty(), "no coloured curve in this picture");
  const auto& [count, sum] = std::max_element(seen.begin(), seen.end(),
      [](const auto& a, const auto& b) { return a.second.first < b.second.first; })->second;
  return {static_cast<uint8_t>(sum[0] / count), static_cast<uint8_t>(sum[1] / count), static_cast<uint8_t>(sum[2] / count)};
}

// The middle of the darkest row of a profile, if it is dark over at least half of `full`.
std::optional<double> line_in(const std::vector<double>& profile, double full) {
  const auto peak = std::max_element(profile.begin(), profile.end()) - profile.begin();
  if (profile[static_cast<size_t>(peak)] < 0.5 * full) return {};
  double sum = 0, weight = 0;
  for (auto i = std::max<ptrdiff_t>(0, peak - 2); i <= std::min<ptrdiff_t>(static_cast<ptrdiff_t>(profile.size()) - 1, peak + 2); ++i) {
    const double w = profile[static_cast<size_t>(i)] > 0.3 * profile[static_cast<size_t>(peak)] ? profile[static_cast<size_t>(i)] : 0;
    sum += w * (static_cast<double>(i) + 0.5), weight += w;
  }
  return sum / weight;
}

}  // namespace

SeenCurve see_curve(const cv::Mat& rgb, std::optional<Colour> asked) {
  const Colour colour = asked ? *asked : strongest_colour(rgb);
  SeenCurve out;
  out.mask = near_mask(rgb, colour, 80);
  // How much of a pixel is curve: nearness to its colour on the way to the background's.
  const Colour ground = background_of(rgb);
  const double span = std::max(1.0, std::hypot(colour.r - ground.r, colour.g - ground.g, colour.b - ground.b));
  const auto share = [&](const cv::Vec3b& p) { return std::clamp(1 - std::hypot(p[0] - colour.r, p[1] - colour.g,
      p[2] - colour.b) / span, 0.0, 1.0); };
  std::vector<double> columns(static_cast<size_t>(rgb.cols)), rows(static_cast<size_t>(rgb.rows));
  for (int x = 0; x < rgb.cols; ++x) {
    double sum = 0, weight = 0, run = 0;
    for (int y = 0; y < rgb.rows; ++y) {
      const auto& p = rgb.at<cv::Vec3b>(y, x);
      const bool dark = std::max({p[0], p[1], p[2]}) < 150 && std::max({p[0], p[1], p[2]}) - std::min({p[0], p[1], p[2]}) < 30;
      const double ink = dark ? 255 - p[1] : 0;
      columns[static_cast<size_t>(x)] += ink, rows[static_cast<size_t>(y)] += ink;
      const bool near = out.mask.at<uint8_t>(y, x) || (y > 0 && out.mask.at<uint8_t>(y - 1, x)) ||
          (y + 1 < rgb.rows && out.mask.at<uint8_t>(y + 1, x));
      const double w = near && !dark ? share(p) : 0;
      if (w > 0.08) sum += w * (y + 0.5), weight += w;
      run += out.mask.at<uint8_t>(y, x) != 0;
    }
    if (run < 1 || weight <= 0) continue;
    out.x.push_back(x + 0.5), out.y.push_back(sum / weight), out.height.push_back(run);
  }
  REQUIRE(out.x.size() >= 16, "no curve of this colour ({}) in this picture", nearest_colour_name(colour));
  out.y_axis_x = line_in(columns, 0.75 * 255 * rgb.rows), out.x_axis_y = line_in(rows, 0.75 * 255 * rgb.cols);
  return out;
}

}  // namespace atelier::sketchpad
