#pragma once
/// A sheet of paper: layers of shapes, white or over a picture, out as pixels (cairo) or SVG.
///
/// Coordinates are normalised: (0, 0) top left, (1, 1) bottom right. Lengths without a direction (radii, text heights)
/// are fractions of the shorter side; pen widths are pixels. Shapes may reach over the edge. The same calls give the
/// same bytes on every machine: text is the pinned stroke font, nothing depends on installed fonts.
#include "sketchpad/geometry.h"
#include "vision/image.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace atelier::sketchpad {

struct Pen {
  Colour colour = kBlack;
  double width = 2;  // pixels
  double opacity = 1;
  bool dashed = false;
  std::optional<Colour> fill = {};
};

/// Where data coordinates (y upwards) lie on a canvas.
struct Frame {
  double x_min = -1, x_max = 1, y_min = -1, y_max = 1;
  Box box = {0.06, 0.06, 0.88, 0.88};

  Point at(double x, double y) const {
    return {box.x + (x - x_min) / (x_max - x_min) * box.width, box.y + (y_max - y) / (y_max - y_min) * box.height};
  }
};

/// Straight lines and cubic curves, in pixels.
struct Path {
  enum class Verb : uint8_t { move, line, curve, close };  // takes 1, 1, 3, 0 points
  std::vector<Verb> verbs;
  std::vector<Point> points;

  void move(Point p) { verbs.push_back(Verb::move), points.push_back(p); }
  void line(Point p) { verbs.push_back(Verb::line), points.push_back(p); }
  void curve(Point a, Point b, Point p) { verbs.push_back(Verb::curve), points.insert(points.end(), {a, b, p}); }
  void close() { verbs.push_back(Verb::close); }
  void polyline(std::span<const Point> through, bool closed);
  /// From angle `begin` to `end`, radians, growing clockwise on screen (y is down).
  void arc(Point centre, double radius, double begin, double end);
};

struct Shape {
  Path path;
  std::optional<Colour> stroke, fill;
  double width = 2, opacity = 1;
  bool dashed = false;
};

struct Layer {
  std::string name;
  bool visible = true;
  std::vector<Shape> shapes = {};
};

struct CanvasLimits {
  int64_t side = 2048;
  int64_t shapes = 20'000;
  int64_t path_points = 1'000'000;
  int64_t text = 400;  // bytes of one text
};

class Canvas {
 public:
  /// White. @param width, height  pixels, 16 to limits.side. @throws InvalidArgument
  Canvas(int64_t width, int64_t height, const CanvasLimits& limits = {});
  /// Over a picture (RGB). @throws InvalidArgument if it is too small or too large
  explicit Canvas(std::shared_ptr<const vision::Image> background, const CanvasLimits& limits = {});

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  double shorter_side() const { return static_cast<double>(std::min(width_, height_)); }  // pixels

  /// Following shapes go to this layer, made above the others if new. @throws InvalidArgument for more than 64
  void layer(std::string_view name);
  /// @throws InvalidArgument if there is no such layer
  void show(std::string_view name, bool visible);
  void clear(std::string_view name);
  const std::vector<Layer>& layers() const { return layers_; }
  int64_t shapes() const { return shapes_; }
  /// From now on at most so many more shapes (and never more than limits.shapes).
  void allow(int64_t more) { allowed_ = std::min(limits_.shapes, shapes_ + more); }

  void point(Point at, const Pen& pen = {}, double radius = 0.008);
  void line(Point a, Point b, const Pen& pen = {});
  /// The head's tip is exactly b. @param head  length of the head in pixels, 0: by the pen
  void arrow(Point a, Point b, const Pen& pen = {}, double head = 0);
  void polyline(std::span<const Point> points, const Pen& pen = {});
  void polygon(std::span<const Point> points, const Pen& pen = {});
  void circle(Point centre, double radius, const Pen& pen = {});
  /// @param begin, sweep  degrees, counted anticlockwise from the right as in mathematics
  void arc(Point centre, double radius, double begin, double sweep, const Pen& pen = {});
  void box(const Box& box, const Pen& pen = {});
  /// One or more lines ("\n") centred on `at`. @param height  of a capital, fraction of the shorter side
  void text(Point at, std::string_view text, const Pen& pen = {}, double height = 0.028);
  /// Text beside a point, on the side that `towards` points to. @param gap  from the point, fraction of the shorter side
  void label(Point at, std::string_view text, Point towards, const Pen& pen = {}, double height = 0.028, double gap = 0.02);
  /// A number or short text in a filled badge: what find_regions puts on what it found.
  void mark(Point at, std::string_view text, Colour badge = {225, 35, 35}, double height = 0.024);
  /// A see-through fill.
  void highlight(const Box& box, Colour colour = {255, 220, 30}, double opacity = 0.35);
  /// Pale lines that cut the canvas into columns x rows, with their normalised coordinates at the edges.
  void grid(int columns, int rows, bool labelled = true);
  /// Coordinate axes of a frame with ticks and numbers, through zero where zero is inside; over pale grid lines.
  void axes(const Frame& frame, bool numbered = true);

  /// Width and height of a text, fractions of canvas width and height.
  Point text_size(std::string_view text, double height = 0.028) const;

  vision::Image render() const;
  std::string png() const;
  std::string svg() const;

 private:
  Point pixel(Point p) const { return {p.x * width_, p.y * height_}; }
  void add(Path path, const Pen& pen, bool stroked = true);
  Path text_path(Point centre, std::string_view text, double height) const;

  int64_t width_, height_;
  CanvasLimits limits_;
  std::shared_ptr<const vision::Image> background_;
  std::vector<Layer> layers_;
  size_t current_ = 0;
  int64_t shapes_ = 0, path_points_ = 0, allowed_;
};

/// Round steps for about `count` ticks over a span: 1, 2 or 5 times a power of ten.
double tick_step(double span, int count = 8);
/// The multiples of a step from `low` to `high`, 21 at most.
std::vector<double> ticks(double low, double high, double step);

}  // namespace atelier::sketchpad
