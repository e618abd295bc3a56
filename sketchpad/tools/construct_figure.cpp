#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/figure.h"
#include "sketchpad/relations.h"

#include <numbers>
#include <set>

namespace atelier::sketchpad {
namespace {

void collect_points(const Term& term, std::set<std::string>& into) {
  if (is_point(term)) into.insert(term.name);
  for (const Term& argument : term.arguments) collect_points(argument, into);
}

// Circles count with their whole extent.
Box extent(const Figure& figure) {
  Point low{1e300, 1e300}, high{-1e300, -1e300};
  const auto take = [&](Point p, double r) {
    low = {std::min(low.x, p.x - r), std::min(low.y, p.y - r)}, high = {std::max(high.x, p.x + r), std::max(high.y, p.y + r)};
  };
  for (const auto& [name, p] : figure.points) take(p, 0);
  for (const auto& [name, r] : figure.radii) take(figure.points.at(name), r);
  return {low.x, low.y, std::max(1e-9, high.x - low.x), std::max(1e-9, high.y - low.y)};
}

// The direction in which a point's name is farthest from every line through it; of equals, away from the middle.
Point free_side(const Figure& figure, Point p, Point middle) {
  std::vector<Point> ways;
  for (const auto& [a, b] : figure.segments) {
    const Point from = figure.points.at(a), to = figure.points.at(b), way = unit(to - from);
    const double along = dot(p - from, way), total = distance(from, to);
    if (std::abs(cross(way, p - from)) > 0.01 * total || along < -0.01 * total || along > 1.01 * total) continue;
    if (along > 0.02 * total) ways.push_back(way * -1);
    if (along < 0.98 * total) ways.push_back(way);
  }
  Point best{0, -1};
  double most = -10;
  for (int k = 0; k < 24; ++k) {
    const Point side{std::sin(k * std::numbers::pi / 12), -std::cos(k * std::numbers::pi / 12)};
    double nearest = 1;
    for (Point way : ways) nearest = std::min(nearest, 1 - dot(way, side));
    nearest += 0.15 * dot(side, unit(p - middle));
    if (nearest > most) most = nearest, best = side;
  }
  return best;
}

}  // namespace

Tool construct_figure_tool() {
  return tool("construct_figure")
      .says("Finds coordinates that satisfy geometric relations and draws the figure to scale, with labelled points.")
      .arg("relations", list_of(text(300), 1, 60),
           "such as Equals(LengthOf(Line(A,B)),8), Equals(MeasureOf(Angle(A,B,C)),60), Perpendicular(Line(A,B),Line(B,C)), PointLiesOnCircle(M,Circle(P))")
      .opt("lines", list_of(text(5), 0, 100), json::array(), "further segments to draw, as two labels: AB")
      .opt("near", named_points(-1e5, 1e5, 40), json::object(), "where points roughly are, such as their pixels in a given diagram")
      .opt("canvas", canvas(), "canvas", "what to draw on")
      .opt("seed", integer(0, 1'000'000), 1, "another seed tries other starts")
      .limits({.time = std::chrono::milliseconds(20'000)})
      .runs([](const Args& args, Sheet& sheet) {
        FigureOptions options;
        options.seed = static_cast<uint64_t>(args.integer("seed"));
        for (const auto& [name, p] : args.named_points("near")) options.near[name] = p;
        options.each_start = [&] { args.check_time(); };
        std::vector<std::string> statements = args.texts("relations");
        std::set<std::string> known, lines;
        for (const std::string& s : statements)
          if (s.find_first_not_of(' ') != s.npos) collect_points(parse_term(s), known);
        for (const auto& [name, p] : options.near) known.insert(name);
        for (const std::string& line : args.texts("lines")) {
          // Two labels, each a capital with an optional digit or prime.
          const size_t cut = line.size() > 2 && (line[1] < 'A' || line[1] > 'Z') ? 2 : 1;
          const std::string a = line.substr(0, cut), b = line.size() > cut ? line.substr(cut) : "";
          REQUIRE(known.contains(a) && known.contains(b),
              "construct_figure: the line {} has a point that is in no relation and not in near", line);
          statements.push_back(fmt::format("Line({},{})", a, b));
          lines.insert(statements.back());
        }
        Figure figure = solve_figure(statements, options);
        REQUIRE(figure.misfit < 0.05, "construct_figure: no figure satisfies all relations; worst (off by {:.2g}): {}", figure.misfit,
                figure.worst);
        std::erase_if(figure.left_out, [&](const std::string& s) { return lines.contains(s); });
        Canvas& canvas = args.canvas("canvas", sheet);
        canvas.layer("drawing");
        const Box around = extent(figure);
        const double width = static_cast<double>(canvas.width()), height = static_cast<double>(canvas.height());
        const double scale = 0.78 * std::min(width / around.width, height / around.height);  // pixels a unit
        const auto place = [&](Point p) {
          const Point offset = (p - around.centre()) * scale;
          return Point{0.5 + offset.x / width, 0.5 + offset.y / height};
        };
        const Pen pen{.width = 2};
        for (const auto& [centre, r] : figure.radii) canvas.circle(place(figure.points.at(centre)), r * scale / canvas.shorter_side(), pen);
        std::set<std::pair<std::string, std::string>> drawn;
        for (const auto& [a, b] : figure.segments)
          if (drawn.insert(std::minmax(a, b)).second) canvas.line(place(figure.points.at(a)), place(figure.points.at(b)), pen);
        json at = json::object();
        for (const auto& [name, p] : figure.points) {
          // A point that ends no line gets a dot; a dot on an end would only lengthen the line.
          const auto ends = [&](const auto& s) { return s.first == name || s.second == name; };
          if (std::none_of(figure.segments.begin(), figure.segments.end(), ends)) canvas.point(place(p), {}, 0.006);
          canvas.label(place(p), name, free_side(figure, p, around.centre()), {}, 0.026, 0.018);
          at[name] = to_json(place(p));
        }
        json data = {{"points", at}, {"misfit", rounded(figure.misfit, 6)}};
        if (figure.has_scale) data["unit"] = rounded(scale / canvas.shorter_side(), 6);
        std::string text = fmt::format("drawn to scale: {} points, {} lines, {} circles; relations fit within {:.2g}",
            figure.points.size(), drawn.size(), figure.radii.size(), figure.misfit);
        if (figure.has_scale) text += fmt::format("; one unit is {:.5f} of the shorter side", scale / canvas.shorter_side());
        if (!figure.left_out.empty()) {
          text += "; not used:";
          for (const std::string& s : figure.left_out) text += " " + s;
        }
        return show_canvas(sheet, args.text("canvas"), text, data);
      });
}

}  // namespace atelier::sketchpad
