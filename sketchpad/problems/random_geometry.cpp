// Figures with enough given to determine them, and one measure asked for: triangles, parallelograms, circles here,
// further ones in random_polygons.cpp.
#include "sketchpad/problems/figure_sketch.h"
#include "sketchpad/problems/random_problems.h"

#include <numbers>

namespace atelier::sketchpad {
namespace {

Sketch triangle(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 3);
  const std::string &a = p[0], &b = p[1], &c = p[2];
  const bool right = random.chance(0.3);
  const double base = static_cast<double>(random.between(4, 30)), side = base * (0.5 + random.uniform());
  const double angle = right ? std::numbers::pi / 2 : (0.5 + 1.7 * random.uniform());
  s.at = {{a, {0, 0}}, {b, {base, 0}}, {c, {side * std::cos(angle), -side * std::sin(angle)}}};
  s.lines = {a + b, b + c, a + c};
  const int64_t given = right ? 0 : random.between(1, 3);
  if (given == 0) s.tell_length(a, b), s.tell_length(a, c), s.relations.push_back(fmt::format("Perpendicular(Line({0},{1}),Line({0},{2}))", a, b, c));
  if (given == 1) s.tell_length(a, b), s.tell_length(b, c), s.tell_length(a, c);
  if (given == 2) s.tell_length(a, b), s.tell_length(a, c), s.tell_angle(b, a, c);
  if (given == 3) s.tell_length(a, b), s.tell_angle(b, a, c), s.tell_angle(a, b, c);
  const int64_t asked = random.below(4);
  if (asked == 0) given == 1 ? ask_angle(s, random, a, b, c) : ask_length(s, random, b, c);
  if (asked == 1) ask_angle(s, random, a, c, b);
  if (asked == 2) given == 3 ? ask_length(s, random, a, c) : ask_angle(s, random, a, b, c);
  if (asked == 3) ask_polygon(s, random, "Triangle", {a, b, c});
  return s;
}

Sketch parallelogram(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 4);
  const double base = static_cast<double>(random.between(5, 30)), side = base * (0.4 + 0.8 * random.uniform()), angle = 0.7 + 1.6 * random.uniform();
  const Point slant{side * std::cos(angle), -side * std::sin(angle)};
  s.at = {{p[0], {0, 0}}, {p[1], {base, 0}}, {p[2], Point{base, 0} + slant}, {p[3], slant}};
  s.lines = {p[0] + p[1], p[1] + p[2], p[2] + p[3], p[3] + p[0]};
  s.tell_length(p[0], p[1]), s.tell_length(p[1], p[2]), s.tell_angle(p[1], p[0], p[3]);
  s.relations.push_back(fmt::format("Parallelogram({})", fmt::join(p, ",")));
  const int64_t asked = random.below(4);
  if (asked == 0) ask_length(s, random, p[2], p[3]);
  if (asked == 1) ask_angle(s, random, p[0], p[1], p[2]);
  if (asked == 2) ask_length(s, random, p[0], p[2]);
  if (asked == 3) ask_polygon(s, random, "Parallelogram", p);
  return s;
}

Sketch circle(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 4);
  const std::string &o = p[0], &a = p[1], &b = p[2], &c = p[3];
  const double radius = static_cast<double>(random.between(3, 20)), first = random.uniform() * 6, arc = 0.6 + 2 * random.uniform();
  const double third = first + arc + 0.6 + random.uniform();
  const auto on = [&](double t) { return Point{radius * std::cos(t), radius * std::sin(t)}; };
  s.at = {{o, {0, 0}}, {a, on(first)}, {b, on(first + arc)}, {c, on(third)}};
  for (const auto& point : {a, b, c}) s.relations.push_back(fmt::format("PointLiesOnCircle({},Circle({},radius_0_0))", point, o));
  s.lines = {a + b, a + c, b + c};
  s.tell_length(o, a), s.tell_angle(a, o, b), s.tell_length(b, c);
  const int64_t asked = random.below(5);
  const double degrees = s.angle(a, o, b);
  if (asked == 0) ask_length(s, random, a, b);
  if (asked == 1) ask_angle(s, random, a, c, b);
  if (asked == 2) ask(s, random, fmt::format("MeasureOf(Arc({},{}))", b, c), fmt::format("m \\widehat {} {}", b, c), s.angle(b, o, c));
  if (asked == 3) ask(s, random, fmt::format("CircumferenceOf(Circle({}))", o), "the circumference of circle " + o, 2 * std::numbers::pi * radius);
  if (asked == 4) ask(s, random, fmt::format("MeasureOf(Arc({},{}))", a, b), fmt::format("the measure of arc {}{}", a, b), degrees);
  return s;
}

/// Further points on the sides, as figures on a page have them: nothing that is asked depends on them.
void add_points(Sketch& sketch, base::Random& random) {
  const json sides = sketch.lines;
  for (int64_t more = random.chance(0.5) ? 0 : random.between(1, 6); more > 0; --more) {
    const std::string side = sides[static_cast<size_t>(random.below(static_cast<int64_t>(sides.size())))];
    const std::string a = side.substr(0, 1), b = side.substr(1), name(1, static_cast<char>('A' + random.below(26)));
    if (sketch.at.contains(name)) continue;
    sketch.at[name] = sketch.at[a] + (sketch.at[b] - sketch.at[a]) * (0.2 + 0.6 * random.uniform());
    sketch.relations.push_back(fmt::format("PointLiesOnLine({},Line({},{}))", name, a, b));
    sketch.lines.push_back(a + name), sketch.lines.push_back(name + b);
  }
}

/// The value among three that are clearly not it, in order of size.
std::vector<double> choices_for(double value, base::Random& random) {
  std::vector<double> out = {value};
  // Tenths leave no room about a small value: every try may go a little farther.
  for (double reach = 0; out.size() < 4; reach += 0.05) {
    const double other = std::round((value * std::exp((random.uniform() - 0.5) * 2) + reach * random.uniform()) * 10) / 10;
    if (other > 0 && std::none_of(out.begin(), out.end(), [&](double v) { return std::abs(v - other) < 0.08 * std::max(v, other); })) out.push_back(other);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

RandomProblem random_geometry(base::Random& random) {
  const auto kinds = {triangle, parallelogram, circle, regular_polygon, angle_sum, trapezoid, incircle, similar_triangles, bisected_triangle};
  Sketch s = kinds.begin()[random.below(static_cast<int64_t>(kinds.size()))](random);
  add_points(s, random);
  json near = json::object();
  const double size = 150, turn = random.uniform() * 0.4;
  Point low{1e9, 1e9}, high{-1e9, -1e9};
  for (const auto& [name, p] : s.at) low = {std::min(low.x, p.x), std::min(low.y, p.y)}, high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  const double scale = size / std::max(high.x - low.x, high.y - low.y);
  for (const auto& [name, p] : s.at) {
    const Point q = (p - low) * scale;
    near[name] = {std::round(40 + q.x + turn * q.y + random.normal() * 2), std::round(40 + q.y + random.normal() * 2)};
  }
  // What is asked for must be looked for: its relation stands anywhere.
  shuffle(s.relations, random);
  shuffle(s.lines, random);
  const double value = std::round(s.value * 10) / 10;
  const auto choices = choices_for(value, random);
  Problem problem{.question = s.question, .fields = {{"relations", s.relations}, {"goal", s.goal}, {"lines", s.lines}, {"near", near}, {"choices", choices}}};
  for (size_t i = 0; i < choices.size(); ++i) {
    const std::string letter(1, static_cast<char>('A' + i));
    problem.question += fmt::format(" ({}) {:g}", letter, choices[i]);
    problem.choices.push_back(letter);
    if (choices[i] == value) problem.answer = letter;
  }
  return {std::move(problem)};
}

}  // namespace atelier::sketchpad
