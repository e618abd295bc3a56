#include "sketchpad/figure.h"

#include "base/error.h"
#include "base/random.h"
#include "sketchpad/formula.h"
#include "sketchpad/least_squares.h"
#include "sketchpad/relations.h"

#include <algorithm>
#include <numbers>
#include <optional>

namespace atelier::sketchpad {
namespace {

constexpr double kDegrees = 180 / std::numbers::pi;

using Values = std::vector<double>;
using Residual = std::function<double(const Values&)>;

// A length (in units), an angle (in degrees) or a bare number as a function of the unknowns.
struct Quantity {
  enum class Kind { length, angle, area, plain } kind;
  Residual value;
};

class Problem {
 public:
  explicit Problem(const std::vector<std::string>& statements) {
    for (const std::string& s : statements) {
      if (s.find_first_not_of(' ') == s.npos) continue;
      const Term term = parse_term(s);
      current_ = s;
      if (term.name == "Find" || s.find('$') != s.npos || !state(term)) left_out_.push_back(s);
      collect(term);
    }
    REQUIRE(!points_.empty(), "these relations name no point");
    REQUIRE(points_.size() <= 40, "a figure has at most 40 points, not {}", points_.size());
  }

  struct Statement {
    std::string text;
    Residual residual;
  };

  std::map<std::string, size_t> points_, circles_, letters_;  // index of the first unknown
  size_t unknowns_ = 0;
  std::vector<Statement> statements_;
  std::vector<std::string> left_out_;
  std::vector<std::pair<std::string, std::string>> segments_;
  std::vector<double> lengths_;  // numbers that lengths equal

  Point at(const Values& v, size_t index) const { return {v[index], v[index + 1]}; }

 private:
  using P = std::function<Point(const Values&)>;

  size_t unknown(std::map<std::string, size_t>& among, const std::string& name, size_t count) {
    const auto [place, is_new] = among.try_emplace(name, unknowns_);
    if (is_new) unknowns_ += count;
    return place->second;
  }

  P point_of(const Term& t) {
    const size_t i = unknown(points_, t.name, 2);
    return [i](const Values& v) { return Point{v[i], v[i + 1]}; };
  }

  void segment(const Term& a, const Term& b) {
    auto pair = std::minmax(a.name, b.name);
    const std::pair<std::string, std::string> s{pair.first, pair.second};
    if (std::find(segments_.begin(), segments_.end(), s) == segments_.end()) segments_.push_back(s);
  }

  // Every line, side and circle that is named anywhere gets drawn.
  void collect(const Term& t) {
    const bool points = !t.arguments.empty() && std::all_of(t.arguments.begin(), t.arguments.end(), is_point);
    if (points && t.is("Line", 2)) segment(t.arguments[0], t.arguments[1]);
    if (points && t.is("Angle", 3)) segment(t.arguments[0], t.arguments[1]), segment(t.arguments[1], t.arguments[2]);
    if (points && is_polygon(t))
      for (size_t i = 0; i < t.arguments.size(); ++i) segment(t.arguments[i], t.arguments[(i + 1) % t.arguments.size()]);
    if (t.name == "Circle" && !t.arguments.empty() && is_point(t.arguments[0])) radius_of(t);
    if (points)
      for (const Term& p : t.arguments) point_of(p);
    for (const Term& a : t.arguments) collect(a);
  }

  static bool is_polygon(const Term& t) {
    for (const char* name : {"Triangle", "Quadrilateral", "Parallelogram", "Rectangle", "Square", "Rhombus", "Trapezoid", "Kite",
        "Polygon", "Pentagon", "Hexagon"})
      if (t.name == name) return t.arguments.size() >= 3 && std::all_of(t.arguments.begin(), t.arguments.end(), is_point);
    return false;
  }
  static bool is_line(const Term& t) { return t.is("Line", 2) && is_point(t.arguments[0]) && is_point(t.arguments[1]); }
  static bool is_circle(const Term& t) { return t.name == "Circle" && !t.arguments.empty() && is_point(t.arguments[0]); }

  Residual radius_of(const Term& circle) {
    point_of(circle.arguments[0]);
    const size_t i = unknown(circles_, circle.arguments[0].name, 1);
    return [i](const Values& v) { return std::abs(v[i]); };
  }

  Residual span(const Term& a, const Term& b) {
    return [a = point_of(a), b = point_of(b)](const Values& v) { return distance(a(v), b(v)); };
  }

  Residual angle(const Term& a, const Term& b, const Term& c) {
    return [a = point_of(a), b = point_of(b), c = point_of(c)](const Values& v) {
      const Point p = a(v) - b(v), q = c(v) - b(v);
      return std::atan2(std::abs(cross(p, q)), dot(p, q)) * kDegrees;
    };
  }

  // The circle that both ends lie on, by the statements read so far or to come.
  Residual arc(const Term& a, const Term& b) {
    const P pa = point_of(a), pb = point_of(b);
    return [this, pa, pb, a = a.name, b = b.name](const Values& v) {
      for (const auto& [centre, index] : circles_) {
        if (!on_circle_.contains({a, centre}) || !on_circle_.contains({b, centre})) continue;
        const Point o = at(v, points_.at(centre)), p = pa(v) - o, q = pb(v) - o;
        return std::atan2(std::abs(cross(p, q)), dot(p, q)) * kDegrees;
      }
      return 0.0;
    };
  }

  std::optional<Quantity> quantity(const Term& t) {
    using Kind = Quantity::Kind;
    if (t.name == "LengthOf" && t.arguments.size() == 1) return quantity(t.arguments[0]);
    if (t.name == "MeasureOf" && t.arguments.size() == 1) return quantity(t.arguments[0]);
    if (is_line(t)) return Quantity{Kind::length, span(t.arguments[0], t.arguments[1])};
    if (t.is("Angle", 3)) return Quantity{Kind::angle, angle(t.arguments[0], t.arguments[1], t.arguments[2])};
    if (t.is("Arc", 2) && is_point(t.arguments[0]) && is_point(t.arguments[1])) return Quantity{Kind::angle,
        arc(t.arguments[0], t.arguments[1])};
    if (t.arguments.size() == 1 && is_circle(t.arguments[0])) {
      const double factor = t.name == "RadiusOf" ? 1 : t.name == "DiameterOf" ? 2 : t.name == "CircumferenceOf" ? 2 * std::numbers::pi : 0;
      if (factor > 0) return Quantity{Kind::length, [r = radius_of(t.arguments[0]), factor](const Values& v) { return factor * r(v); }};
    }
    if (t.arguments.size() == 1 && is_polygon(t.arguments[0])) {
      std::vector<P> corners;
      for (const Term& p : t.arguments[0].arguments) corners.push_back(point_of(p));
      const bool area = t.name == "AreaOf";
      if (!area && t.name != "PerimeterOf") return {};
      return Quantity{area ? Kind::area : Kind::length, [corners, area](const Values& v) {
                        double sum = 0;
                        for (size_t i = 0; i < corners.size(); ++i) {
                          const Point p = corners[i](v), q = corners[(i + 1) % corners.size()](v);
                          sum += area ? cross(p, q) / 2 : distance(p, q);
                        }
                        return std::abs(sum);
                      }};
    }
    if (!t.arguments.empty() || is_point(t)) return {};
    return expression(t.name);
  }

  // A number or an expression in one small letter.
  std::optional<Quantity> expression(const std::string& text) {
    char letter = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool single = text[i] >= 'a' && text[i] <= 'z' && (i == 0 || text[i - 1] < 'a' || text[i - 1] > 'z') &&
          (i + 1 == text.size() || text[i + 1] < 'a' || text[i + 1] > 'z');
      if (!single || text[i] == 'e') continue;
      REQUIRE(letter == 0 || letter == text[i], "relation: \"{}\" has more than one unknown letter", text.substr(0, 40));
      letter = text[i];
    }
    if (letter == 0) {
      const double value = Formula::parse(text)(0);
      REQUIRE(std::isfinite(value), "relation: \"{}\" is no number", text.substr(0, 40));
      return Quantity{Quantity::Kind::plain, [value](const Values&) { return value; }};
    }
    const size_t i = unknown(letters_, std::string(1, letter), 1);
    return Quantity{Quantity::Kind::plain, [i, f = Formula::parse(text, letter)](const Values& v) { return f(v[i]); }};
  }

  void add(Residual r) { statements_.push_back({current_, std::move(r)}); }

 public:
  double scale_ = 10;  // the figure's size, in units: what lengths are measured against

 private:
  void equal(const Residual& a, const Residual& b, Quantity::Kind kind) {
    add([this, a, b, kind](const Values& v) {
      const double difference = a(v) - b(v);
      return kind == Quantity::Kind::angle ? difference / kDegrees : kind == Quantity::Kind::area ? difference / (scale_ * scale_)
          : difference / scale_;
    });
  }

  // The sine or cosine between two directions.
  void between(const Term& l, const Term& m, bool parallel) { between(l.arguments[0], l.arguments[1], m.arguments[0],
      m.arguments[1], parallel); }
  void between(const Term& a, const Term& b, const Term& c, const Term& d, bool parallel) {
    add([a = point_of(a), b = point_of(b), c = point_of(c), d = point_of(d), parallel](const Values& v) {
      const Point p = unit(b(v) - a(v)), q = unit(d(v) - c(v));
      return parallel ? cross(p, q) : dot(p, q);
    });
  }

  void equal_sides(const std::vector<Term>& p) {
    for (size_t i = 1; i < p.size(); ++i) equal(span(p[0], p[1]), span(p[i], p[(i + 1) % p.size()]), Quantity::Kind::length);
  }

  void tangent(const Term& a, const Term& b, const Term& circle) {
    add([this, a = point_of(a), b = point_of(b), o = point_of(circle.arguments[0]), r = radius_of(circle)](const Values& v) {
      return (std::abs(cross(unit(b(v) - a(v)), o(v) - a(v))) - r(v)) / scale_;
    });
  }

  void on_circle(const Term& p, const Term& circle) {
    on_circle_[{p.name, circle.arguments[0].name}] = true;
    equal(span(p, circle.arguments[0]), radius_of(circle), Quantity::Kind::length);
  }

  bool polygon(const Term& t, std::string_view kind) {
    const auto& p = t.arguments;
    if (kind == "Parallelogram" || kind == "Rectangle" || kind == "Square" || kind == "Rhombus") {
      if (p.size() != 4) return false;
      for (bool x : {true, false})
        add([this, a = point_of(p[0]), b = point_of(p[1]), c = point_of(p[2]), d = point_of(p[3]), x](const Values& v) {
          const Point gap = (a(v) - b(v)) + (c(v) - d(v));
          return (x ? gap.x : gap.y) / scale_;
        });
      if (kind == "Rectangle" || kind == "Square") between(p[0], p[1], p[1], p[2], false);
      if (kind == "Rhombus" || kind == "Square") equal(span(p[0], p[1]), span(p[1], p[2]), Quantity::Kind::length);
      return true;
    }
    if (kind == "Trapezoid" && p.size() == 4) {
      // Which pair of sides is parallel is not said: the product vanishes for either.
      add([a = point_of(p[0]), b = point_of(p[1]), c = point_of(p[2]), d = point_of(p[3])](const Values& v) {
        return cross(unit(b(v) - a(v)), unit(d(v) - c(v))) * cross(unit(c(v) - b(v)), unit(a(v) - d(v)));
      });
      return true;
    }
    return kind == "Triangle" || kind == "Quadrilateral" || kind == "Polygon" || kind == "Pentagon" || kind == "Hexagon" || kind == "Kite";
  }

  bool state(const Term& t) {
    const auto& a = t.arguments;
    if (t.is("Equals", 2) || (t.is("Congruent", 2) && !is_polygon(a[0]))) {
      const auto left = quantity(a[0]), right = quantity(a[1]);
      if (!left || !right) return false;
      const auto kind = left->kind == Quantity::Kind::plain ? right->kind : left->kind;
      if (kind == Quantity::Kind::plain) return false;
      if (kind == Quantity::Kind::length && right->kind == Quantity::Kind::plain &&
          a[1].name.find_first_not_of("0123456789. ") == std::string::npos)
        lengths_.push_back(right->value({}));
      equal(left->value, right->value, kind);
      return true;
    }
    if ((t.is("Perpendicular", 2) || t.is("Parallel", 2)) && is_line(a[0]) && is_line(a[1])) return between(a[0], a[1],
        t.name == "Parallel"), true;
    if (t.is("PointLiesOnLine", 2) && is_point(a[0]) && is_line(a[1])) {
      const P p = point_of(a[0]), from = point_of(a[1].arguments[0]), to = point_of(a[1].arguments[1]);
      add([this, p, from, to](const Values& v) { return cross(unit(to(v) - from(v)), p(v) - from(v)) / scale_; });
      add([p, from, to](const Values& v) {  // between the ends
        const Point way = to(v) - from(v);
        const double along = dot(p(v) - from(v), way) / std::max(1e-9, dot(way, way));
        return along < 0 ? along : along > 1 ? along - 1 : 0.0;
      });
      return true;
    }
    if (t.is("PointLiesOnCircle", 2) && is_point(a[0]) && is_circle(a[1])) return on_circle(a[0], a[1]), true;
    if (t.is("IsMidpointOf", 2) && is_point(a[0]) && is_line(a[1])) {
      for (bool x : {true, false})
        add([this, m = point_of(a[0]), p = point_of(a[1].arguments[0]), q = point_of(a[1].arguments[1]), x](const Values& v) {
          const Point gap = m(v) - (p(v) + q(v)) * 0.5;
          return (x ? gap.x : gap.y) / scale_;
        });
      return true;
    }
    if (t.is("BisectsAngle", 2) && is_line(a[0]) && a[1].is("Angle", 3)) {
      const auto& corner = a[1].arguments;
      const Term& far = a[0].arguments[0].name == corner[1].name ? a[0].arguments[1] : a[0].arguments[0];
      equal(angle(corner[0], corner[1], far), angle(far, corner[1], corner[2]), Quantity::Kind::angle);
      return true;
    }
    if (t.is("Tangent", 2) && is_line(a[0]) && is_circle(a[1])) return tangent(a[0].arguments[0], a[0].arguments[1], a[1]), true;
    if (t.is("InscribedIn", 2) || t.is("CircumscribedTo", 2)) {
      const Term &inner = t.name == "InscribedIn" ? a[0] : a[1], &outer = t.name == "InscribedIn" ? a[1] : a[0];
      const auto bare = [](const Term& x) -> const Term& { return x.arguments.size() == 1 && is_polygon(x.arguments[0])
          ? x.arguments[0] : x; };
      if (&bare(outer) != &outer) state(outer);
      if (&bare(inner) != &inner) state(inner);
      const auto& sides = bare(outer).arguments;
      if (is_circle(inner) && is_polygon(bare(outer)))
        for (size_t i = 0; i < sides.size(); ++i) tangent(sides[i], sides[(i + 1) % sides.size()], inner);
      else if (is_polygon(bare(inner)) && is_circle(outer))
        for (const Term& p : bare(inner).arguments) on_circle(p, outer);
      else return false;
      return true;
    }
    if ((t.is("Congruent", 2) || t.is("Similar", 2)) && is_polygon(a[0]) && is_polygon(a[1]) &&
        a[0].arguments.size() == a[1].arguments.size()) {
      const auto &p = a[0].arguments, &q = a[1].arguments;
      const size_t n = p.size();
      for (size_t i = 0; i < n; ++i) {
        equal(angle(p[(i + n - 1) % n], p[i], p[(i + 1) % n]), angle(q[(i + n - 1) % n], q[i], q[(i + 1) % n]), Quantity::Kind::angle);
        if (t.name == "Congruent") equal(span(p[i], p[(i + 1) % n]), span(q[i], q[(i + 1) % n]), Quantity::Kind::length);
        else if (i > 0)
          add([r = span(p[i], p[(i + 1) % n]), s = span(q[i], q[(i + 1) % n]), r0 = span(p[0], p[1]), s0 = span(q[0], q[1]),
              this](const Values& v) {
            return (r(v) * s0(v) - s(v) * r0(v)) / (scale_ * scale_);
          });
      }
      return true;
    }
    if ((t.is("Regular", 1) || t.is("Equilateral", 1)) && is_polygon(a[0])) {
      equal_sides(a[0].arguments);
      const auto& p = a[0].arguments;
      const size_t n = p.size();
      for (size_t i = 0; t.name == "Regular" && i < n; ++i) {
        const double inner = 180.0 * (static_cast<double>(n) - 2) / static_cast<double>(n);
        equal(angle(p[(i + n - 1) % n], p[i], p[(i + 1) % n]), [inner](const Values&) { return inner; }, Quantity::Kind::angle);
      }
      return true;
    }
    if (t.is("Isosceles", 1) && a[0].is("Trapezoid", 4) && is_polygon(a[0])) {
      const auto& p = a[0].arguments;
      equal(span(p[0], p[2]), span(p[1], p[3]), Quantity::Kind::length);  // its diagonals, whichever sides are the bases
      return polygon(a[0], "Trapezoid");
    }
    if (is_circle(t)) return radius_of(t), true;
    return is_polygon(t) && polygon(t, t.name);
  }

  std::map<std::pair<std::string, std::string>, bool> on_circle_;
  std::string current_;
};

}  // namespace

Figure solve_figure(const std::vector<std::string>& statements, const FigureOptions& options) {
  Problem problem(statements);
  if (!problem.lengths_.empty()) problem.scale_ = std::max(1e-6, *std::max_element(problem.lengths_.begin(), problem.lengths_.end()));
  const double scale = problem.scale_;
  std::vector<size_t> points;
  for (const auto& [name, index] : problem.points_) points.push_back(index);

  const auto hard = [&](const Values& v, Values& out) {
    out.clear();
    for (const auto& s : problem.statements_) out.push_back(s.residual(v));
  };
  // What no statement says: points keep apart, circles have a size, and a figure without lengths is about `scale` large.
  const auto soft = [&](const Values& v, double weight, Values& out) {
    hard(v, out);
    double spread = 0;
    for (size_t i = 0; i < points.size(); ++i)
      for (size_t j = 0; j < i; ++j) {
        const double d = distance(problem.at(v, points[i]), problem.at(v, points[j])) / scale;
        out.push_back(weight * std::max(0.0, 1 - d / 0.2));
        spread = std::max(spread, d);
      }
    if (problem.lengths_.empty()) out.push_back(spread - 1);
    for (const auto& [name, index] : problem.circles_) out.push_back(0.01 * weight * (std::abs(v[index]) / scale - 0.5));
  };

  // Rough places, brought to the figure's size.
  double hint_size = 0;
  Point middle;
  for (const auto& [name, p] : options.near) middle = middle + p * (1.0 / static_cast<double>(options.near.size()));
  for (const auto& [name, p] : options.near) hint_size = std::max(hint_size, 2 * distance(p, middle));

  Values best;
  double least = 1e300;
  base::Random random(options.seed, 77);
  for (int start = 0; start < options.starts; ++start) {
    if (options.each_start) options.each_start();
    Values v(problem.unknowns_);
    for (double& x : v) x = (random.uniform() - 0.5) * 1.4 * scale;
    for (const auto& [name, index] : problem.circles_) v[index] = scale * (0.3 + 0.5 * random.uniform());
    for (const auto& [name, index] : problem.letters_) v[index] = 5 + 60 * random.uniform();
    if (hint_size > 0 && start < std::max(1, options.starts / 2))
      for (const auto& [name, p] : options.near)
        if (const auto found = problem.points_.find(name); found != problem.points_.end()) {
          const Point noise = Point{random.normal(), random.normal()} * (0.03 * start * scale / 4);
          v[found->second] = (p.x - middle.x) / hint_size * scale + noise.x,
              v[found->second + 1] = (p.y - middle.y) / hint_size * scale + noise.y;
        }
    least_squares([&](const Values& at, Values& out) { soft(at, 0.3, out); }, v, 80);
    const double settled = least_squares([&](const Values& at, Values& out) { soft(at, 0.003, out); }, v, 80);
    // A hint is worth a little: the figure as it was drawn, if it fits.
    if (settled < least * 0.5 - 1e-9 || best.empty()) least = settled, best = v;
    if (least < 1e-5 && start >= 2) break;
  }

  Figure out;
  Values residuals;
  hard(best, residuals);
  for (size_t i = 0; i < residuals.size(); ++i)
    if (std::abs(residuals[i]) > out.misfit) out.misfit = std::abs(residuals[i]), out.worst = problem.statements_[i].text;
  for (const auto& [name, index] : problem.points_) out.points[name] = problem.at(best, index);
  for (const auto& [name, index] : problem.circles_) out.radii[name] = std::abs(best[index]);
  for (const auto& [name, index] : problem.letters_) out.letters[name] = best[index];
  out.segments = problem.segments_, out.left_out = problem.left_out_, out.has_scale = !problem.lengths_.empty();
  return out;
}

}  // namespace atelier::sketchpad
