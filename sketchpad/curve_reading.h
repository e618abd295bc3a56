#pragma once
/// A plotted curve as its pixels: found by colour, with the dark axes beside it.
#include "sketchpad/pixels.h"

#include <optional>

namespace atelier::sketchpad {

struct SeenCurve {
  cv::Mat mask;                      // 255 on the curve
  std::vector<double> x, y;          // columns and the curve's middle in each, pixels, y downwards
  std::vector<double> height;        // of the curve's ink in the column
  std::optional<double> y_axis_x, x_axis_y;  // middles of the axes, pixels
};

/// @param colour  of the curve; without: the most frequent strong colour
/// @throws InvalidArgument if there is no curve
SeenCurve see_curve(const cv::Mat& rgb, std::optional<Colour> colour);

}  // namespace atelier::sketchpad
