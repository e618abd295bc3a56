#pragma once
/// Plots and contact sheets, drawn with the sketchpad's canvas: the same bytes on every machine.
#include "eval/statistics.h"
#include "vision/image.h"

#include <string>
#include <vector>

namespace atelier::eval {

struct Bar {
  std::string label;
  Interval value;
};

/// A bar a value with its interval; the axis begins at 0 (or below, where a value is).
/// @throws InvalidArgument for no bars or more than 40
vision::Image bar_plot(const std::string& title, const std::vector<Bar>& bars);

struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<Interval> y;  // one a x
  bool joined = true;       // by lines
};

/// Points with intervals over an axis, a colour a series. @throws InvalidArgument for no points
vision::Image line_plot(const std::string& title, const std::string& x_label, const std::string& y_label, const std::vector<Series>& series);

/// Pictures in rows below named columns, with the row's words above it.
struct SheetRow {
  std::string words;
  std::vector<vision::Image> pictures;  // an empty one leaves its place free
};

/// @param columns  a name each, at least one @param side  of a picture, pixels
/// @throws InvalidArgument for no rows or more than 100
vision::Image contact_sheet(const std::vector<std::string>& columns, const std::vector<SheetRow>& rows, int64_t side = 96);

}  // namespace atelier::eval
