#include "sketchpad/canvas.h"

#include "base/error.h"
#include "sketchpad/stroke_font.h"

#include <algorithm>
#include <numbers>

namespace atelier::sketchpad {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kLineHeight = 9.5 / kCapHeight;  // of the capitals' height

std::vector<std::u32string> lines_of(std::string_view text) {
  std::vector<std::u32string> lines(1);
  for (char32_t c : characters(text)) {
    if (c == U'\n') lines.emplace_back();
    else lines.back().push_back(c);
  }
  return lines;
}

std::string number_label(double value) {
  std::string text = fmt::format("{:.6g}", std::abs(value) < 1e-12 ? 0.0 : value);
  return text;
}

}  // namespace

void Path::polyline(std::span<const Point> through, bool closed) {
  for (size_t i = 0; i < through.size(); ++i) i == 0 ? move(through[i]) : line(through[i]);
  if (closed) close();
}

void Path::arc(Point centre, double radius, double begin, double end) {
  const int pieces = std::max(1, static_cast<int>(std::ceil(std::abs(end - begin) / (kPi / 4))));
  const double step = (end - begin) / pieces;
  // A cubic whose handles have this length touches the circle at both ends and in the middle.
  const double handle = radius * 4 / 3 * std::tan(step / 4);
  const auto at = [&](double angle) { return centre + Point{std::cos(angle), std::sin(angle)} * radius; };
  const auto tangent = [&](double angle) { return Point{-std::sin(angle), std::cos(angle)} * handle; };
  if (verbs.empty() || verbs.back() == Verb::close) move(at(begin));
  else line(at(begin));
  for (int i = 0; i < pieces; ++i) {
    const double a = begin + i * step, b = a + step;
    curve(at(a) + tangent(a), at(b) - tangent(b), at(b));
  }
}

Canvas::Canvas(int64_t width, int64_t height, const CanvasLimits& limits)
    : width_(width), height_(height), limits_(limits), layers_{{"drawing"}}, allowed_(limits.shapes) {
  REQUIRE(width >= 16 && height >= 16 && width <= limits.side && height <= limits.side,
          "a canvas must be 16 to {} pixels wide and high, not {} x {}", limits.side, width, height);
}

Canvas::Canvas(std::shared_ptr<const vision::Image> background, const CanvasLimits& limits)
    : Canvas(background->width, background->height, limits) {
  background_ = background->channels == 3 ? std::move(background)
                                          : std::make_shared<const vision::Image>(vision::over(*background, {255, 255, 255}));
}

void Canvas::layer(std::string_view name) {
  const auto found = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& l) { return l.name == name; });
  current_ = static_cast<size_t>(found - layers_.begin());
  if (found != layers_.end()) return;
  if (layers_.size() >= 64) current_ = 0;
  REQUIRE(layers_.size() < 64, "a canvas has at most 64 layers");
  layers_.push_back({std::string(name)});
}

void Canvas::show(std::string_view name, bool visible) {
  for (Layer& l : layers_)
    if (l.name == name) return void(l.visible = visible);
  throw base::InvalidArgument(fmt::format("the canvas has no layer \"{}\"", name));
}

void Canvas::clear(std::string_view name) {
  for (Layer& l : layers_)
    if (l.name == name) {
      for (const Shape& shape : l.shapes) path_points_ -= static_cast<int64_t>(shape.path.points.size());
      shapes_ -= static_cast<int64_t>(l.shapes.size());
      return l.shapes.clear();
    }
  throw base::InvalidArgument(fmt::format("the canvas has no layer \"{}\"", name));
}

void Canvas::add(Path path, const Pen& pen, bool stroked) {
  REQUIRE(shapes_ < allowed_, "the canvas may hold no more than {} shapes after this call", allowed_);
  REQUIRE(path_points_ + static_cast<int64_t>(path.points.size()) <= limits_.path_points, "a canvas holds at most {} points of shapes",
          limits_.path_points);
  // Cairo's coordinates have 24 bits before the point: what lies far outside would wrap around.
  for (Point& p : path.points) {
    REQUIRE(std::isfinite(p.x) && std::isfinite(p.y), "a coordinate is not a finite number");
    p.x = std::clamp(p.x, -4e4, 4e4), p.y = std::clamp(p.y, -4e4, 4e4);
  }
  ++shapes_, path_points_ += static_cast<int64_t>(path.points.size());
  Shape shape{std::move(path), {}, pen.fill, pen.width, pen.opacity, pen.dashed};
  if (stroked && pen.width > 0) shape.stroke = pen.colour;
  layers_[current_].shapes.push_back(std::move(shape));
}

void Canvas::point(Point at, const Pen& pen, double radius) {
  Path path;
  path.arc(pixel(at), radius * shorter_side(), 0, 2 * kPi), path.close();
  Pen filled = pen;
  filled.fill = pen.colour;
  add(std::move(path), filled, false);
}

void Canvas::line(Point a, Point b, const Pen& pen) {
  Path path;
  path.move(pixel(a)), path.line(pixel(b));
  Pen open = pen;
  open.fill.reset();
  add(std::move(path), open);
}

void Canvas::arrow(Point a, Point b, const Pen& pen, double head) {
  const Point from = pixel(a), tip = pixel(b), along = unit(tip - from), side = normal(along);
  const double size = std::min(head > 0 ? head : 8 + 3 * pen.width, distance(from, tip) * 0.8);
  Path shaft, triangle;
  shaft.move(from), shaft.line(tip - along * (size * 0.8));
  triangle.polyline(std::vector{tip, tip - along * size + side * (size * 0.4), tip - along * size - side * (size * 0.4)}, true);
  Pen open = pen, filled = pen;
  open.fill.reset(), filled.fill = pen.colour;
  add(std::move(shaft), open);
  add(std::move(triangle), filled, false);
}

void Canvas::polyline(std::span<const Point> points, const Pen& pen) {
  REQUIRE(points.size() >= 2, "a polyline needs at least 2 points, not {}", points.size());
  Path path;
  for (size_t i = 0; i < points.size(); ++i) i == 0 ? path.move(pixel(points[i])) : path.line(pixel(points[i]));
  Pen open = pen;
  open.fill.reset();
  add(std::move(path), open);
}

void Canvas::polygon(std::span<const Point> points, const Pen& pen) {
  REQUIRE(points.size() >= 3, "a polygon needs at least 3 points, not {}", points.size());
  Path path;
  for (size_t i = 0; i < points.size(); ++i) i == 0 ? path.move(pixel(points[i])) : path.line(pixel(points[i]));
  path.close();
  add(std::move(path), pen);
}

void Canvas::circle(Point centre, double radius, const Pen& pen) {
  REQUIRE(radius > 0, "a circle's radius must be positive, not {}", radius);
  Path path;
  path.arc(pixel(centre), radius * shorter_side(), 0, 2 * kPi), path.close();
  add(std::move(path), pen);
}

void Canvas::arc(Point centre, double radius, double begin, double sweep, const Pen& pen) {
  REQUIRE(radius > 0, "an arc's radius must be positive, not {}", radius);
  Path path;
  path.arc(pixel(centre), radius * shorter_side(), -begin * kPi / 180, -(begin + sweep) * kPi / 180);
  Pen open = pen;
  open.fill.reset();
  add(std::move(path), open);
}

void Canvas::box(const Box& b, const Pen& pen) {
  polygon(std::vector<Point>{{b.x, b.y}, {b.x + b.width, b.y}, {b.x + b.width, b.y + b.height}, {b.x, b.y + b.height}}, pen);
}

Path Canvas::text_path(Point centre, std::string_view text, double height) const {
  REQUIRE(!text.empty() && static_cast<int64_t>(text.size()) <= limits_.text, "a text must be 1 to {} bytes, not {}", limits_.text,
      text.size());
  const auto lines = lines_of(text);
  const double unit = height * shorter_side() / kCapHeight, line_step = height * shorter_side() * kLineHeight;
  Path path;
  double top = pixel(centre).y - (line_step * (static_cast<double>(lines.size()) - 1) + kCapHeight * unit) / 2;
  for (const std::u32string& line : lines) {
    double left = pixel(centre).x - line_width(line) * unit / 2;
    for (char32_t c : line) {
      const Glyph g = glyph(c);
      for (const auto& stroke : g.strokes)
        for (size_t i = 0; i < stroke.size(); ++i) {
          const Point p{left + stroke[i].x * unit, top + stroke[i].y * unit};
          i == 0 ? path.move(p) : path.line(p);
        }
      left += (g.width + kSpacing) * unit;
    }
    top += line_step;
  }
  return path;
}

void Canvas::text(Point at, std::string_view text, const Pen& pen, double height) {
  Pen stroke = pen;
  stroke.fill.reset(), stroke.dashed = false;
  stroke.width = std::max(1.2, height * shorter_side() / 8);
  add(text_path(at, text, height), stroke);
}

Point Canvas::text_size(std::string_view text, double height) const {
  double width = 0;
  const auto lines = lines_of(text);
  for (const std::u32string& line : lines) width = std::max(width, line_width(line));
  const double pixels = height * shorter_side();
  return {(width / kCapHeight + 0.25) * pixels / static_cast<double>(width_),
          ((static_cast<double>(lines.size()) - 1) * kLineHeight + 1.15) * pixels / static_cast<double>(height_)};
}

void Canvas::label(Point at, std::string_view text, Point towards, const Pen& pen, double height, double gap) {
  const Point size = text_size(text, height), way = unit(towards);
  const Point half{size.x * static_cast<double>(width_) / 2, size.y * static_cast<double>(height_) / 2};
  // So far out that the text's box just clears the point.
  const double out = gap * shorter_side() + std::abs(way.x) * half.x + std::abs(way.y) * half.y;
  this->text({at.x + way.x * out / static_cast<double>(width_), at.y + way.y * out / static_cast<double>(height_)}, text, pen, height);
}

void Canvas::mark(Point at, std::string_view text, Colour badge, double height) {
  const Point size = text_size(text, height);
  const double x_pad = 0.006 * shorter_side() / static_cast<double>(width_), y_pad = 0.006 * shorter_side() / static_cast<double>(height_);
  Pen plate{.colour = badge, .width = 0, .fill = badge};
  box({at.x - size.x / 2 - x_pad, at.y - size.y / 2 - y_pad, size.x + 2 * x_pad, size.y + 2 * y_pad}, plate);
  this->text(at, text, {.colour = readable_on(badge)}, height);
}

void Canvas::highlight(const Box& b, Colour colour, double opacity) {
  box(b, {.colour = colour, .width = 0, .opacity = opacity, .fill = colour});
}

void Canvas::grid(int columns, int rows, bool labelled) {
  REQUIRE(columns >= 1 && columns <= 50 && rows >= 1 && rows <= 50, "a grid has 1 to 50 columns and rows, not {} x {}", columns, rows);
  const Pen pale{.colour = {200, 210, 220}, .width = 1}, words{.colour = {110, 120, 130}};
  for (int i = 1; i < columns; ++i) {
    const double x = static_cast<double>(i) / columns;
    line({x, 0}, {x, 1}, pale);
    if (labelled) text({x, 0.018}, number_label(std::round(x * 1000) / 1000), words, 0.017);
  }
  for (int i = 1; i < rows; ++i) {
    const double y = static_cast<double>(i) / rows;
    line({0, y}, {1, y}, pale);
    if (labelled) text({0.03, y}, number_label(std::round(y * 1000) / 1000), words, 0.017);
  }
}

double tick_step(double span, int count) {
  const double raw = span / count, power = std::pow(10, std::floor(std::log10(raw))), lead = raw / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

std::vector<double> ticks(double low, double high, double step) {
  std::vector<double> result;
  const auto first = static_cast<int64_t>(std::ceil(low / step - 1e-9));
  for (int64_t i = first; i - first <= 20 && static_cast<double>(i) * step <= high + step * 1e-9; ++i) result.push_back(static_cast<double>(i) * step);
  return result;
}

void Canvas::axes(const Frame& f, bool numbered) {
  REQUIRE(f.x_max > f.x_min && f.y_max > f.y_min && std::isfinite(f.x_max - f.x_min) && std::isfinite(f.y_max - f.y_min),
          "axes need x_min < x_max and y_min < y_max, not {} to {} and {} to {}", f.x_min, f.x_max, f.y_min, f.y_max);
  const Pen pale{.colour = {225, 228, 232}, .width = 1}, ink{.width = 2}, words{.colour = {90, 95, 100}};
  const double x_step = tick_step(f.x_max - f.x_min), y_step = tick_step(f.y_max - f.y_min);
  const double x_zero = std::clamp(0.0, f.x_min, f.x_max), y_zero = std::clamp(0.0, f.y_min, f.y_max);
  const std::vector<double> across = ticks(f.x_min, f.x_max, x_step), up = ticks(f.y_min, f.y_max, y_step);
  for (const double x : across) line(f.at(x, f.y_min), f.at(x, f.y_max), pale);
  for (const double y : up) line(f.at(f.x_min, y), f.at(f.x_max, y), pale);
  line(f.at(f.x_min, y_zero), f.at(f.x_max, y_zero), ink);
  line(f.at(x_zero, f.y_min), f.at(x_zero, f.y_max), ink);
  if (!numbered) return;
  for (const double x : across)
    if (std::abs(x - x_zero) > x_step / 2) label(f.at(x, y_zero), number_label(x), {0, 1}, words, 0.017, 0.01);
  for (const double y : up)
    if (std::abs(y - y_zero) > y_step / 2) label(f.at(x_zero, y), number_label(y), {-1, 0}, words, 0.017, 0.01);
}

}  // namespace atelier::sketchpad
