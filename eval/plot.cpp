#include "eval/plot.h"

#include "base/error.h"
#include "sketchpad/canvas.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace atelier::eval {
namespace {

using sketchpad::Canvas, sketchpad::Colour, sketchpad::Frame, sketchpad::Pen, sketchpad::Point;

constexpr std::array<Colour, 6> kColours = {{{32, 92, 200}, {214, 84, 30}, {40, 140, 70}, {140, 60, 170}, {120, 90, 40}, {90, 90, 90}}};
constexpr Colour kWords = {30, 30, 30};
constexpr size_t kMostBars = 40, kMostRows = 100;

/// What fits in a width of so many capitals; a longer text ends in two dots.
std::string fitted(const Canvas& canvas, std::string text, double height, double most) {
  if (text.size() > 200) text.resize(200);
  bool cut = false;
  while (!text.empty() && canvas.text_size(text + (cut ? ".." : ""), height).x > most) {
    text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    cut = true;
  }
  return text + (cut ? ".." : "");
}

void whisker(Canvas& canvas, const Frame& frame, double x, const Interval& y, double half, const Pen& pen) {
  canvas.line(frame.at(x, y.low), frame.at(x, y.high), pen);
  for (const double end : {y.low, y.high}) canvas.line(frame.at(x - half, end), frame.at(x + half, end), pen);
}

/// Grown by a twentieth, never empty.
void widen(double& low, double& high) {
  const double margin = high > low ? (high - low) / 20 : std::max(std::abs(high), 1.0) / 20;
  low -= margin;
  high += margin;
}

}  // namespace

vision::Image bar_plot(const std::string& title, const std::vector<Bar>& bars) {
  REQUIRE(!bars.empty() && bars.size() <= kMostBars, "a plot takes 1 to {} bars, not {}", kMostBars, bars.size());
  const auto count = static_cast<double>(bars.size());
  Canvas canvas(static_cast<int64_t>(std::clamp(180 + 96 * count, 480.0, 2000.0)), 480);
  Frame frame{.x_min = 0, .x_max = count, .y_min = 0, .y_max = 0, .box = {0.08, 0.12, 0.89, 0.72}};
  for (const Bar& bar : bars) {
    frame.y_min = std::min({frame.y_min, bar.value.low, bar.value.value});
    frame.y_max = std::max({frame.y_max, bar.value.high, bar.value.value});
  }
  if (frame.y_max == frame.y_min) frame.y_max = frame.y_min + 1;
  frame.y_max += (frame.y_max - frame.y_min) / 20;
  const double step = sketchpad::tick_step(frame.y_max - frame.y_min, 6);
  for (const double y : sketchpad::ticks(frame.y_min, frame.y_max, step)) {
    canvas.line(frame.at(0, y), frame.at(count, y), {.colour = {220, 220, 220}, .width = 1});
    canvas.text({0.045, frame.at(0, y).y}, fmt::format("{:.3g}", y), {.colour = kWords, .width = 1.2}, 0.026);
  }
  for (size_t i = 0; i < bars.size(); ++i) {
    const double x = static_cast<double>(i);
    const Colour colour = kColours[i % kColours.size()];
    canvas.polygon(std::array{frame.at(x + 0.2, 0), frame.at(x + 0.2, bars[i].value.value), frame.at(x + 0.8, bars[i].value.value), frame.at(x + 0.8, 0)},
                   {.colour = colour, .width = 1, .fill = colour});
    whisker(canvas, frame, x + 0.5, bars[i].value, 0.08, {.width = 1.5});
    const Point below = {frame.at(x + 0.5, 0).x, i % 2 == 0 ? 0.89 : 0.945};  // in two heights, so that neighbours do not meet
    canvas.text(below, fitted(canvas, bars[i].label, 0.026, 1.85 * frame.box.width / count), {.colour = kWords, .width = 1.2}, 0.026);
  }
  canvas.line(frame.at(0, 0), frame.at(count, 0), {.width = 1.5});
  canvas.text({0.5, 0.05}, fitted(canvas, title, 0.034, 0.96), {.width = 1.6}, 0.034);
  return canvas.render();
}

vision::Image line_plot(const std::string& title, const std::string& x_label, const std::string& y_label, const std::vector<Series>& series) {
  Frame frame{.x_min = 1e300, .x_max = -1e300, .y_min = 1e300, .y_max = -1e300, .box = {0.13, 0.11, 0.62, 0.74}};
  for (const Series& one : series) {
    ASSERT(one.x.size() == one.y.size());
    for (size_t i = 0; i < one.x.size(); ++i) {
      frame.x_min = std::min(frame.x_min, one.x[i]), frame.x_max = std::max(frame.x_max, one.x[i]);
      frame.y_min = std::min({frame.y_min, one.y[i].low, one.y[i].value}), frame.y_max = std::max({frame.y_max, one.y[i].high, one.y[i].value});
    }
  }
  REQUIRE(frame.x_min <= frame.x_max, "a plot needs at least one point");
  widen(frame.x_min, frame.x_max);
  widen(frame.y_min, frame.y_max);
  Canvas canvas(720, 480);
  const Pen words = {.colour = kWords, .width = 1.2}, pale = {.colour = {220, 220, 220}, .width = 1};
  const double y_step = sketchpad::tick_step(frame.y_max - frame.y_min, 6), x_step = sketchpad::tick_step(frame.x_max - frame.x_min, 6);
  for (const double y : sketchpad::ticks(frame.y_min, frame.y_max, y_step)) {
    canvas.line(frame.at(frame.x_min, y), frame.at(frame.x_max, y), pale);
    canvas.text({0.075, frame.at(0, y).y}, fmt::format("{:.4g}", y), words, 0.026);
  }
  for (const double x : sketchpad::ticks(frame.x_min, frame.x_max, x_step)) {
    canvas.line(frame.at(x, frame.y_min), frame.at(x, frame.y_max), pale);
    canvas.text({frame.at(x, 0).x, 0.89}, fmt::format("{:.4g}", x), words, 0.026);
  }
  for (size_t s = 0; s < series.size(); ++s) {
    const Colour colour = kColours[s % kColours.size()];
    std::vector<Point> line;
    for (size_t i = 0; i < series[s].x.size(); ++i) {
      const double x = series[s].x[i];
      line.push_back(frame.at(x, series[s].y[i].value));
      whisker(canvas, frame, x, series[s].y[i], (frame.x_max - frame.x_min) / 120, {.colour = colour, .width = 1, .opacity = 0.6});
      canvas.point(line.back(), {.colour = colour, .fill = colour}, 0.009);
    }
    if (series[s].joined && line.size() > 1) canvas.polyline(line, {.colour = colour});
    const double y = 0.16 + 0.06 * static_cast<double>(s);
    canvas.line({0.775, y}, {0.8, y}, {.colour = colour, .width = 4});
    const std::string name = fitted(canvas, series[s].name, 0.026, 0.185);
    canvas.text({0.81 + canvas.text_size(name, 0.026).x / 2, y}, name, words, 0.026);
  }
  canvas.text({0.5, 0.05}, fitted(canvas, title, 0.034, 0.96), {.width = 1.6}, 0.034);
  canvas.text({frame.box.centre().x, 0.955}, fitted(canvas, x_label, 0.028, 0.6), words, 0.028);
  const std::string name = fitted(canvas, "up: " + y_label, 0.026, 0.9);
  canvas.text({0.03 + canvas.text_size(name, 0.026).x / 2, 0.09}, name, words, 0.026);
  return canvas.render();
}

vision::Image contact_sheet(const std::vector<std::string>& columns, const std::vector<SheetRow>& rows, int64_t side) {
  REQUIRE(!rows.empty() && rows.size() <= kMostRows, "a contact sheet takes 1 to {} rows, not {}", kMostRows, rows.size());
  ASSERT(!columns.empty());
  constexpr int64_t kGap = 6, kLine = 18;
  const auto across = static_cast<int64_t>(columns.size());
  const int64_t width = std::max<int64_t>(across * (side + kGap) + kGap, 240), tall = side + kLine + kGap;
  auto paper = std::make_shared<vision::Image>(width, kLine + kGap + static_cast<int64_t>(rows.size()) * tall);
  for (size_t r = 0; r < rows.size(); ++r) {
    const int64_t top = kLine + kGap + static_cast<int64_t>(r) * tall + kLine;
    for (size_t c = 0; c < std::min(columns.size(), rows[r].pictures.size()); ++c) {
      const vision::Image& picture = rows[r].pictures[c];
      if (picture.pixels.empty()) continue;
      const vision::Image opaque = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
      const vision::Image small = vision::resize(vision::fit_square(opaque, std::max(opaque.width, opaque.height)), side, side, vision::Filter::bicubic);
      const int64_t left = kGap + static_cast<int64_t>(c) * (side + kGap);
      for (int64_t y = 0; y < side; ++y) std::copy_n(small.at(0, y), 3 * side, paper->at(left, top + y));
    }
  }
  const auto height = static_cast<double>(paper->height), wide = static_cast<double>(width);
  Canvas canvas(std::shared_ptr<const vision::Image>(paper), {.side = 32768});
  const double capital = 9 / canvas.shorter_side();
  for (size_t c = 0; c < columns.size(); ++c) {
    const double x = (static_cast<double>(kGap) + static_cast<double>(c) * static_cast<double>(side + kGap) + static_cast<double>(side) / 2) / wide;
    if (!columns[c].empty()) canvas.text({x, 11 / height}, fitted(canvas, columns[c], capital, static_cast<double>(side) / wide), {.width = 1.2}, capital);
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    const std::string words = fitted(canvas, rows[r].words, capital, 1 - 2.0 * kGap / wide);
    const double y = (static_cast<double>(kLine + kGap) + static_cast<double>(r) * static_cast<double>(tall) + kLine / 2.0) / height;
    if (!words.empty()) canvas.text({kGap / wide + canvas.text_size(words, capital).x / 2, y}, words, {.colour = kWords, .width = 1.2}, capital);
  }
  return canvas.render();
}

}  // namespace atelier::eval
