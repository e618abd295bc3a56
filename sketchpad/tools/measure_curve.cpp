// Symmetry and bend of a plotted curve.
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/curve_reading.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {
namespace {

SeenCurve curve_of(const Args& args, const cv::Mat& rgb) { return see_curve(rgb, args.has("colour")
    ? std::optional(args.colour("colour")) : std::nullopt); }

struct Deviation {
  double mean = 0, most = 0;  // pixels; most: the 98th percentile
};

// How far the mirrored curve's pixels are from the curve.
Deviation mirrored(const SeenCurve& curve, double x0, std::optional<double> y0) {
  cv::Mat away;
  cv::distanceTransform(255 - curve.mask, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  std::vector<double> distances;
  for (int y = 0; y < curve.mask.rows; ++y)
    for (int x = 0; x < curve.mask.cols; ++x) {
      if (!curve.mask.at<uint8_t>(y, x)) continue;
      const int mx = cvRound(2 * x0 - (x + 0.5) - 0.5), my = y0 ? cvRound(2 * *y0 - (y + 0.5) - 0.5) : y;
      // What is mirrored out of the picture says nothing.
      if (mx < 0 || my < 0 || mx >= away.cols || my >= away.rows) continue;
      distances.push_back(away.at<float>(my, mx));
    }
  Deviation out;
  if (distances.empty()) return {1e9, 1e9};
  for (double d : distances) out.mean += d / static_cast<double>(distances.size());
  const auto at = distances.begin() + static_cast<ptrdiff_t>(static_cast<double>(distances.size() - 1) * 0.98);
  std::nth_element(distances.begin(), at, distances.end());
  out.most = *at;
  return out;
}

}  // namespace

Tool measure_symmetry_tool() {
  return tool("measure_symmetry")
      .says("Whether a plotted curve is its own mirror image about the drawn y axis (even) or turned half around the origin (odd), with how many pixels it misses by.")
      .opt("colour", colour(), nullptr, "of the curve; left out: the commonest strong colour")
      .opt("tolerance", number(0.5, 20), 2, "pixels that 98 % of the curve may miss by")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const SeenCurve curve = curve_of(args, rgb);
        REQUIRE(curve.y_axis_x, "measure_symmetry: no vertical axis is drawn");
        const double tolerance = args.number("tolerance");
        const Deviation even = mirrored(curve, *curve.y_axis_x, {});
        std::string text = fmt::format("about the y axis the mirrored curve misses itself by {:.1f} pixels (98 %; mean {:.2f})",
            even.most, even.mean);
        json data = {{"even_pixels", rounded(even.most, 2)}, {"even_mean", rounded(even.mean, 3)}};
        bool odd = false;
        if (curve.x_axis_y) {
          const Deviation turned = mirrored(curve, *curve.y_axis_x, curve.x_axis_y);
          odd = turned.most <= tolerance;
          text += fmt::format(", turned around the origin by {:.1f} (mean {:.2f})", turned.most, turned.mean);
          data["odd_pixels"] = rounded(turned.most, 2), data["odd_mean"] = rounded(turned.mean, 3);
        } else {
          text += "; no horizontal axis is drawn to turn about";
        }
        const bool is_even = even.most <= tolerance;
        const std::string verdict = is_even && odd ? "even and odd" : is_even ? "even" : odd ? "odd" : "neither";
        data["symmetry"] = verdict;
        return {"symmetry: " + verdict + "; " + text, data};
      });
}

Tool measure_curvature_tool() {
  return tool("measure_curvature")
      .says("Whether a plotted curve lies below all its chords (convex), above them (concave), on them (straight) or both, with the largest distances in pixels.")
      .opt("colour", colour(), nullptr, "of the curve; left out: the commonest strong colour")
      .opt("x_from", number(0, 1), 0, "only the part right of this place in the picture")
      .opt("x_to", number(0, 1), 1, "only the part left of this place")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const SeenCurve curve = curve_of(args, rgb);
        // At both ends a steep curve's middle in a column is off: the pen's round end, and half of its columns only.
        std::vector<Point> points;
        for (size_t i = 0; i < curve.x.size(); ++i)
          if (curve.x[i] >= args.number("x_from") * rgb.cols &&
              curve.x[i] <= args.number("x_to") * rgb.cols) points.push_back({curve.x[i], -curve.y[i]});
        const size_t trim = 3;
        REQUIRE(points.size() >= 2 * trim + 10, "measure_curvature: only {} columns of the curve lie in this part", points.size());
        points.erase(points.begin(), points.begin() + trim), points.erase(points.end() - trim, points.end());
        // Every chord over a stretch of the curve, ends on a grid of about 60 columns. Distances are across the chord.
        const size_t n = points.size(), step = std::max<size_t>(1, n / 60);
        double below = 0, above = 0;
        for (size_t i = 0; i < n; i += step)
          for (size_t j = i + 2 * step; j < n; j += step) {
            const Point way = unit(points[j] - points[i]);
            for (size_t k = i + step; k < j; k += step) {
              const double off = cross(way, points[k] - points[i]);  // positive: the curve is above the chord
              above = std::max(above, off), below = std::max(below, -off);
            }
          }
        args.check_time();
        constexpr double kNoise = 0.8;  // pixels; of a column's middle on a steep line
        const double larger = std::max(above, below);
        std::string verdict = "both";
        if (larger <= kNoise) verdict = "straight";
        else if (above <= kNoise + 0.02 * below) verdict = "convex";
        else if (below <= kNoise + 0.02 * above) verdict = "concave";
        return {fmt::format("curvature: {}; the curve is at most {:.1f} pixels below a chord and {:.1f} above one", verdict, below, above),
                {{"curvature", verdict}, {"below_chord", rounded(below, 2)}, {"above_chord", rounded(above, 2)}}};
      });
}

}  // namespace atelier::sketchpad
