// Further figures: regular and irregular polygons, trapezoids, a circle in a triangle, similar and bisected triangles.
#include "sketchpad/problems/figure_sketch.h"

namespace atelier::sketchpad {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

Point turned(double degrees) { return {std::cos(degrees * kDegree), std::sin(degrees * kDegree)}; }

void draw_around(Sketch& sketch, const std::vector<std::string>& corners) {
  for (size_t i = 0; i < corners.size(); ++i) sketch.lines.push_back(corners[i] + corners[(i + 1) % corners.size()]);
}

// A convex polygon with these inner angles (degrees): all sides but two by chance, those two close it.
std::vector<Point> with_angles(const std::vector<int64_t>& angles, base::Random& random) {
  const size_t n = angles.size();
  for (int tries = 0; tries < 200; ++tries) {
    std::vector<Point> ways;
    double heading = 0;
    for (size_t i = 0; i < n; ++i) ways.push_back(turned(heading)), heading += 180 - static_cast<double>(angles[(i + 1) % n]);
    std::vector<Point> corners = {{0, 0}};
    for (size_t i = 0; i + 2 < n; ++i) corners.push_back(corners.back() + ways[i] * (5 + 10 * random.uniform()));
    // s ways[n - 2] + t ways[n - 1] leads home.
    const Point home = corners.front() - corners.back();
    const double s = cross(home, ways[n - 1]) / cross(ways[n - 2], ways[n - 1]), t = cross(ways[n - 2], home) / cross(ways[n - 2], ways[n - 1]);
    if (s < 3 || t < 3 || s > 30 || t > 30) continue;
    corners.push_back(corners.back() + ways[n - 2] * s);
    return corners;
  }
  return {};
}

}  // namespace

Sketch regular_polygon(base::Random& random) {
  Sketch s;
  const int64_t n = random.between(3, 9);
  const auto p = labels(random, static_cast<size_t>(n));
  const double side = static_cast<double>(random.between(3, 24)), radius = side / 2 / std::sin(std::numbers::pi / static_cast<double>(n));
  for (int64_t i = 0; i < n; ++i) s.at[p[static_cast<size_t>(i)]] = turned(360.0 * static_cast<double>(i) / static_cast<double>(n)) * radius;
  draw_around(s, p);
  const auto first = static_cast<size_t>(random.below(n));
  const std::string &a = p[first], &b = p[(first + 1) % p.size()], &c = p[(first + 2) % p.size()];
  s.relations.push_back(fmt::format("Regular(Polygon({}))", fmt::join(p, ",")));
  if (random.chance(0.35)) return ask_angle(s, random, a, b, c), s;
  s.tell_length(a, b);
  ask_polygon(s, random, "Regular", p);
  return s;
}

Sketch angle_sum(base::Random& random) {
  for (;;) {
    const auto n = static_cast<size_t>(random.between(4, 6));
    const int64_t sum = 180 * (static_cast<int64_t>(n) - 2);
    std::vector<int64_t> offsets(n, 0);
    for (size_t i = 1; i < n; ++i) offsets[i] = random.between(-4, 7) * 5;
    int64_t rest = sum;
    for (const int64_t offset : offsets) rest -= offset;
    if (rest % static_cast<int64_t>(n) != 0) continue;
    const int64_t x = rest / static_cast<int64_t>(n);
    std::vector<int64_t> angles;
    for (const int64_t offset : offsets) angles.push_back(x + offset);
    if (*std::min_element(angles.begin(), angles.end()) < 50 || *std::max_element(angles.begin(), angles.end()) > 165) continue;
    const std::vector<Point> corners = with_angles(angles, random);
    if (corners.empty()) continue;
    Sketch s;
    const auto p = labels(random, n);
    for (size_t i = 0; i < n; ++i) s.at[p[i]] = corners[i];
    draw_around(s, p);
    for (size_t i = 0; i < n; ++i)
      s.relations.push_back(fmt::format("Equals(MeasureOf(Angle({},{},{})),x{})", p[(i + n - 1) % n], p[i], p[(i + 1) % n], offsets[i] == 0 ? "" : fmt::format("{:+}", offsets[i])));
    const auto asked = static_cast<size_t>(random.below(static_cast<int64_t>(n)));
    if (random.chance(0.3)) {
      s.goal = "x", s.value = static_cast<double>(x);
      s.question = one_of({"Find x.", "What is x?", "Find the value of x.", "Solve for x."}, random);
      return s;
    }
    // In words only: x is taken.
    const std::string &a = p[(asked + n - 1) % n], &b = p[asked], &c = p[(asked + 1) % n];
    const bool alone = random.chance(0.6);
    s.goal = alone ? fmt::format("MeasureOf(Angle({}))", b) : fmt::format("MeasureOf(Angle({},{},{}))", a, b, c);
    s.question = one_of({"Find ", "What is ", "Determine "}, random) + "m \\angle " + (alone ? b : a + " " + b + " " + c) + ".";
    s.value = static_cast<double>(angles[asked]);
    return s;
  }
}

Sketch trapezoid(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 4);
  const double base = static_cast<double>(random.between(10, 30)), top = base * (0.35 + 0.45 * random.uniform()), height = base * (0.25 + 0.5 * random.uniform()), in = (base - top) / 2;
  s.at = {{p[0], {0, 0}}, {p[1], {base, 0}}, {p[2], {base - in, -height}}, {p[3], {in, -height}}};
  draw_around(s, p);
  s.tell_length(p[0], p[1]), s.tell_length(p[2], p[3]);
  s.relations.push_back(fmt::format("Isosceles(Trapezoid({}))", fmt::join(p, ",")));
  const double leg = s.span(p[0], p[3]);
  const int64_t given = random.below(3);
  if (given == 0) s.tell_length(p[0], p[3]);
  if (given == 1) s.tell_angle(p[3], p[0], p[1]);
  if (given == 2) s.relations.push_back(fmt::format("Equals(PerimeterOf(Polygon({})),{:.4g})", fmt::join(p, ","), base + top + 2 * leg));
  const int64_t asked = random.below(4);
  if (asked == 0) ask_polygon(s, random, given == 2 ? "Polygon" : "Trapezoid", p);
  if (asked == 1) ask_length(s, random, p[1], p[2]);
  if (asked == 2) ask_angle(s, random, p[0], p[1], p[2], true);
  if (asked == 3) ask_angle(s, random, p[1], p[2], p[3], true);
  return s;
}

Sketch incircle(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 7);
  const std::string& centre = p[0];
  const double side = static_cast<double>(random.between(4, 30)), radius = side / (2 * std::sqrt(3.0));
  for (size_t i = 0; i < 3; ++i) {
    s.at[p[1 + i]] = turned(30 + 120 * static_cast<double>(i)) * (2 * radius);
    s.at[p[4 + i]] = turned(90 + 120 * static_cast<double>(i)) * radius;  // touches the side from corner i to the next
  }
  s.at[centre] = {0, 0};
  draw_around(s, {p[1], p[2], p[3]});
  s.tell_length(p[1], p[2]);
  for (size_t i = 0; i < 3; ++i) {
    s.relations.push_back(fmt::format("PointLiesOnLine({},Line({},{}))", p[4 + i], p[1 + i], p[1 + (i + 1) % 3]));
    s.relations.push_back(fmt::format("PointLiesOnCircle({},Circle({},radius_0_0))", p[4 + i], centre));
    s.lines.push_back(p[1 + i] + p[4 + i]), s.lines.push_back(p[4 + i] + p[1 + (i + 1) % 3]);
  }
  s.relations.push_back(fmt::format("InscribedIn(Circle({}),Equilateral(Triangle({},{},{})))", centre, p[1], p[2], p[3]));
  const std::string circle = "circle " + centre, quoted = fmt::format("(Circle({}))", centre);
  const int64_t asked = random.below(4);
  const auto plain = [&](const std::string& quantity, const std::string& words, double value) {
    s.goal = quantity + quoted, s.value = value;
    s.question = one_of({"Find ", "What is ", "Determine "}, random) + words + " of " + one_of({circle, "\\odot " + centre}, random) + ".";
  };
  if (asked == 0) plain("CircumferenceOf", "the circumference", 2 * std::numbers::pi * radius);
  if (asked == 1) plain("AreaOf", "the area", std::numbers::pi * radius * radius);
  if (asked == 2) plain("RadiusOf", "the radius", radius);
  if (asked == 3) plain("DiameterOf", "the diameter", 2 * radius);
  return s;
}

Sketch similar_triangles(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 5);
  const std::string &a = p[0], &b = p[1], &c = p[2], &d = p[3], &e = p[4];  // d on ab, e on ac
  const double base = static_cast<double>(random.between(8, 30)), share = 0.3 + 0.4 * random.uniform();
  s.at = {{a, {0, 0}}, {b, {base, 0}}, {c, turned(-40 - 60 * random.uniform()) * (base * (0.6 + 0.7 * random.uniform()))}};
  s.at[d] = s.at[b] * share, s.at[e] = s.at[c] * share;
  s.lines = {a + d, d + b, a + b, a + e, e + c, a + c, b + c, d + e};
  s.tell_length(a, b), s.tell_length(a, c), s.tell_length(b, c), s.tell_length(a, d);
  s.relations.push_back(fmt::format("PointLiesOnLine({},Line({},{}))", d, a, b));
  s.relations.push_back(fmt::format("PointLiesOnLine({},Line({},{}))", e, a, c));
  s.relations.push_back(fmt::format("Similar(Triangle({},{},{}),Triangle({},{},{}))", a, b, c, a, d, e));
  const int64_t asked = random.below(3);
  if (asked == 0) ask_length(s, random, d, e);
  if (asked == 1) ask_length(s, random, a, e);
  if (asked == 2) {
    const bool larger = random.chance(0.5);
    const std::string whole = fmt::format("Triangle({},{},{})", a, b, c), part = fmt::format("Triangle({},{},{})", a, d, e);
    s.goal = fmt::format("ScaleFactorOf({},{})", larger ? whole : part, larger ? part : whole);
    s.value = larger ? 1 / share : share;
    const std::string words = "triangle " + a + " " + b + " " + c, inner = "triangle " + a + " " + d + " " + e;
    s.question = one_of({"Find the scale factor of ", "What is the scale factor of "}, random) + (larger ? words : inner) + " to " + (larger ? inner : words) + ".";
  }
  return s;
}

Sketch bisected_triangle(base::Random& random) {
  Sketch s;
  const auto p = labels(random, 4);
  const std::string &a = p[0], &b = p[1], &c = p[2], &d = p[3];  // d on bc, where the bisector of the angle at a arrives
  const double ab = static_cast<double>(random.between(6, 24)), ac = ab * (0.6 + 0.9 * random.uniform()), angle = 50 + 60 * random.uniform();
  s.at = {{a, {0, 0}}, {b, {ab, 0}}, {c, turned(-angle) * ac}};
  s.at[d] = s.at[b] + (s.at[c] - s.at[b]) * (ab / (ab + ac));
  s.lines = {a + b, a + c, b + c, a + d, b + d, c + d};
  s.tell_length(a, b), s.tell_length(a, c), s.tell_length(b, c);
  s.relations.push_back(fmt::format("Equals(MeasureOf(Angle({0},{1},{2})),MeasureOf(Angle({2},{1},{3})))", b, a, d, c));
  s.relations.push_back(fmt::format("PointLiesOnLine({},Line({},{}))", d, b, c));
  const int64_t asked = random.below(3);
  if (asked == 0) ask_length(s, random, b, d);
  if (asked == 1) ask_length(s, random, d, c);
  if (asked == 2) ask_angle(s, random, b, a, d);
  return s;
}

}  // namespace atelier::sketchpad
