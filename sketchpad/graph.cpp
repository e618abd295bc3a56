#include "sketchpad/graph.h"

#include "base/error.h"
#include "base/random.h"

#include <opencv2/core.hpp>

#include <numbers>

namespace atelier::sketchpad {
namespace {

double to_segment(Point p, Point a, Point b) {
  const Point ab = b - a;
  const double t = std::clamp(dot(p - a, ab) / std::max(1e-12, dot(ab, ab)), 0.0, 1.0);
  return distance(p, a + ab * t);
}

bool joined(const Graph& g, size_t i, size_t j) { return g.weights[i][j] != 0 || g.weights[j][i] != 0; }

std::vector<Point> circle(size_t n) {
  std::vector<Point> out;
  for (size_t k = 0; k < n; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    out.push_back({std::sin(angle), -std::cos(angle)});
  }
  return out;
}

std::vector<Point> spectral(const Graph& g) {
  const auto n = static_cast<int>(g.size());
  cv::Mat laplacian = cv::Mat::zeros(n, n, CV_64F), values, vectors;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      if (i != j && joined(g, i, j)) laplacian.at<double>(i, j) = -1, laplacian.at<double>(i, i) += 1;
  cv::eigen(laplacian, values, vectors);  // descending; rows are vectors
  std::vector<Point> out(n);
  for (int i = 0; i < n; ++i) out[i] = {vectors.at<double>(std::max(0, n - 2), i), vectors.at<double>(std::max(0, n - 3), i)};
  return out;
}

std::vector<Point> force(const Graph& g) {
  const size_t n = g.weights.size();
  std::vector<Point> at = circle(n);
  base::Random random(20260);
  for (Point& p : at) p = p + Point{random.uniform() - 0.5, random.uniform() - 0.5} * 0.1;
  const double k = 1.6 / std::sqrt(static_cast<double>(n));
  for (int step = 0; step < 400; ++step) {
    std::vector<Point> move(n);
    for (size_t i = 0; i < n; ++i) {
      move[i] = at[i] * -0.3;  // towards the middle, so that parts without edges between stay together
      for (size_t j = 0; j < n; ++j) {
        if (i == j) continue;
        const Point d = at[i] - at[j];
        const double l = std::max(1e-3, length(d));
        move[i] = move[i] + unit(d) * (k * k / l);
        if (joined(g, i, j)) move[i] = move[i] - unit(d) * (l * l / k);
      }
    }
    const double heat = 0.15 * (1 - step / 400.0);
    for (size_t i = 0; i < n; ++i) at[i] = at[i] + unit(move[i]) * std::min(heat, length(move[i]));
  }
  return at;
}

// Into [0, 1]^2, each direction by itself if the layout is nearly flat.
void fit(std::vector<Point>& at) {
  Point low = at[0], high = at[0];
  for (Point p : at) low = {std::min(low.x, p.x), std::min(low.y, p.y)}, high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  const Point span = high - low;
  for (Point& p : at) {
    p.x = span.x > 1e-9 ? (p.x - low.x) / span.x : 0.5;
    p.y = span.y > 1e-9 ? (p.y - low.y) / span.y : 0.5;
  }
}

// Pushes nodes apart and away from edges that are not theirs. @return whether that worked
bool loosen(const Graph& g, std::vector<Point>& at) {
  const size_t n = at.size();
  const double apart = std::min(0.17, 0.75 / std::sqrt(static_cast<double>(n)));
  constexpr double kClear = 0.075;  // from a node's middle to an edge; nodes are at most 0.045 in radius
  base::Random random(4);
  for (int round = 0; round < 600; ++round) {
    bool moved = false;
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) {
        if (i == j) continue;
        if (const Point d = at[i] - at[j]; length(d) < apart) {
          const Point way = length(d) > 1e-6 ? unit(d) : unit({random.uniform() - 0.5, random.uniform() - 0.5});
          at[i] = at[i] + way * 0.01, at[j] = at[j] - way * 0.01, moved = true;
        }
        for (size_t k = j + 1; k < n; ++k) {
          if (k == i || !joined(g, j, k) || to_segment(at[i], at[j], at[k]) >= kClear) continue;
          Point way = normal(unit(at[k] - at[j]));
          if (const double side = dot(at[i] - at[j], way); side < 0 || (side == 0 && i % 2)) way = way * -1;
          at[i] = at[i] + way * 0.012, moved = true;
        }
      }
    for (Point& p : at) p = {std::clamp(p.x, 0.0, 1.0), std::clamp(p.y, 0.0, 1.0)};
    if (!moved) return true;
  }
  return false;
}

}  // namespace

std::vector<Point> lay_out(const Graph& graph, GraphLayout layout) {
  std::vector<Point> at = layout == GraphLayout::circular ? circle(graph.weights.size()) : layout == GraphLayout::spectral
      ? spectral(graph) : force(graph);
  if (at.size() == 1) return {{0.5, 0.5}};
  if (layout == GraphLayout::circular) {
    for (Point& p : at) p = p * 0.5 + Point{0.5, 0.5};
    return at;
  }
  // Symmetric graphs put nodes on one spot or on another's edge: then as little of the circle as helps is mixed in.
  const std::vector<Point> round = circle(at.size());
  std::vector<Point> out;
  fit(at);
  for (int share = 0; share <= 8; ++share) {
    out = at;
    for (size_t i = 0; i < at.size(); ++i) out[i] = at[i] * (1 - share / 8.0) + (round[i] * 0.5 + Point{0.5, 0.5}) * (share / 8.0);
    fit(out);
    if (share == 8 || loosen(graph, out)) break;
  }
  return out;
}

void draw(Canvas& canvas, const Graph& graph, const std::vector<Point>& places, const GraphStyle& style) {
  const size_t n = graph.weights.size();
  const Point size{static_cast<double>(canvas.width()), static_cast<double>(canvas.height())};
  const double unit_pixels = canvas.shorter_side(), radius = style.radius * unit_pixels;
  const auto to_pixels = [&](Point p) { return Point{p.x * size.x, p.y * size.y}; };
  const auto to_canvas = [&](Point p) { return Point{p.x / size.x, p.y / size.y}; };
  std::vector<Point> centres;
  for (Point p : places) centres.push_back(to_pixels(p));

  struct Line {
    size_t from, to;
    Point a, b;  // rim to rim, pixels
    bool beside;
  };
  std::vector<Line> lines;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      if (i == j || graph.weights[i][j] == 0 || (!graph.directed && i > j)) continue;
      const bool beside = graph.directed && graph.weights[j][i] != 0;
      const Point along = unit(centres[j] - centres[i]), shift = normal(along) * (beside ? radius * 0.36 : 0);
      const double reach = std::sqrt(radius * radius - dot(shift, shift));
      lines.push_back({i, j, centres[i] + shift + along * reach, centres[j] + shift - along * reach, beside});
    }
  const Pen ink{.width = 2};
  for (const Line& line : lines)
    graph.directed ? canvas.arrow(to_canvas(line.a), to_canvas(line.b), ink) : canvas.line(to_canvas(line.a), to_canvas(line.b), ink);

  // Each number stands where it is farthest from every line, node and number that is not its own.
  const double text_height = 0.026;
  std::vector<Point> written;
  for (const Line& line : lines) {
    if (!graph.weighted) break;
    const std::string words = fmt::format("{:g}", graph.weights[line.from][line.to]);
    const Point half = to_pixels(canvas.text_size(words, text_height)) * 0.5, side = normal(unit(line.b - line.a));
    const double out = std::abs(side.x) * half.x + std::abs(side.y) * half.y + 5;
    Point best = line.a;
    double most = -1e9;
    for (double t : {0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71})
      for (double way : {1.0, -1.0}) {
        if (line.beside && way < 0) continue;  // the other side is the counter-edge's
        const Point at = line.a + (line.b - line.a) * t + side * (way * out);
        double room = 45;
        for (const Line& other : lines)
          if (&other != &line) room = std::min(room, to_segment(at, other.a, other.b) - half.x);
        for (Point c : centres) room = std::min(room, distance(at, c) - radius - half.x);
        for (Point w : written) room = std::min(room, distance(at, w) - 2 * half.x);
        room -= 10 * std::abs(t - 0.5);
        if (room > most) most = room, best = at;
      }
    written.push_back(best);
    canvas.text(to_canvas(best), words, {}, text_height);
  }
  for (size_t i = 0; i < n; ++i) {
    canvas.circle(places[i], style.radius, {.width = 2, .fill = style.fills[i]});
    canvas.text(places[i], style.labels[i], {.colour = readable_on(style.fills[i])},
        style.radius * (style.labels[i].size() > 2 ? 0.5 : 0.68));
  }
}

}  // namespace atelier::sketchpad
