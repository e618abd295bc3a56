// A figure's program: construct it to scale, draw what the goal needs, measure that, compare with the choices.
#include "base/error.h"
#include "sketchpad/agent/rules_planner.h"
#include "sketchpad/formula.h"
#include "sketchpad/relations.h"

#include <set>

namespace atelier::sketchpad {
namespace {

enum class Kind { angle, length, perimeter, area };

struct Measurement {
  Kind kind = Kind::length;
  std::vector<std::string> points;
  std::vector<std::pair<std::string, std::string>> lines() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (size_t i = 1; i < points.size(); ++i) out.emplace_back(points[i - 1], points[i]);
    if (kind == Kind::perimeter || kind == Kind::area) out.emplace_back(points.back(), points.front());
    return out;
  }
};

/// What to measure, and what to make of the numbers: "{0}" is the first.
struct Goal {
  std::vector<Measurement> measurements;
  std::string expression = "{0}";
  bool auxiliary = false;  // its lines are certainly not part of the figure
  std::string said_by = {};  // the relation that gives an unknown letter
};

/// The figure's statements, looked through for what a goal leaves unsaid.
class Figure {
 public:
  explicit Figure(const Problem& problem) {
    for (const json& relation : problem.fields.value("relations", json::array())) {
      const std::string said = relation;
      const Term term = parse_term(said);
      if (term.is("Equals", 2)) equals_.emplace_back(term, said);
      add(term);
    }
    for (const json& line : problem.fields.value("lines", json::array())) {
      const std::string name = line;
      if (name.size() == 2) draw(name.substr(0, 1), name.substr(1));
    }
  }

  bool drawn(const std::pair<std::string, std::string>& line) const { return lines_.contains(std::minmax(line.first, line.second)); }

  std::optional<Goal> goal(const Term& t) const {
    if (t.arguments.empty()) return letter(t.name);
    const Term& a = t.arguments[0];
    if ((t.is("LengthOf", 1) || t.is("MeasureOf", 1) || t.is("ValueOf", 1)) && !a.arguments.empty()) return goal(a);
    if (t.is("Line", 2) && points(t)) return Goal{{{Kind::length, names(t)}}};
    if (t.is("Angle", 3) && points(t)) return Goal{{{Kind::angle, names(t)}}};
    if (t.is("Angle", 1)) {
      const auto corner = corners_.find(a.name);
      if (corner != corners_.end()) return Goal{{{Kind::angle, {corner->second[0], a.name, corner->second[1]}}}};
    }
    if (t.is("Arc", 2) && points(t)) {
      const auto p = circle_of_.find(a.name), q = circle_of_.find(t.arguments[1].name);
      if (p != circle_of_.end() && q != circle_of_.end()) return Goal{{{Kind::angle, {a.name, p->second, t.arguments[1].name}}}, "{0}", true};
    }
    if ((t.is("AreaOf", 1) || t.is("PerimeterOf", 1)) && a.arguments.size() >= 3 && points(a))
      return Goal{{{t.name == "AreaOf" ? Kind::area : Kind::perimeter, names(a)}}};
    if ((t.is("AreaOf", 1) || t.is("PerimeterOf", 1)) && a.arguments.size() == 1 && a.arguments[0].arguments.size() >= 3)
      return goal({t.name, {a.arguments[0]}});  // AreaOf(Regular(Polygon(...)))
    if (t.arguments.size() == 1 && a.name == "Circle" && !a.arguments.empty()) {
      const std::string how = t.name == "RadiusOf" ? "{0}" : t.name == "DiameterOf" ? "2*{0}" : t.name == "CircumferenceOf" ? "2*pi*{0}" :
                              t.name == "AreaOf" ? "pi*{0}*{0}" : "";
      for (const auto& [point, centre] : circle_of_)
        if (centre == a.arguments[0].name && !how.empty()) return Goal{{{Kind::length, {centre, point}}}, how, true};
    }
    if (t.is("ScaleFactorOf", 2) && t.arguments[0].arguments.size() >= 2 && t.arguments[1].arguments.size() >= 2) {
      const auto first = names(t.arguments[0]), second = names(t.arguments[1]);
      return Goal{{{Kind::length, {first[0], first[1]}}, {Kind::length, {second[0], second[1]}}}, "{0}/{1}"};
    }
    return {};
  }

 private:
  static bool points(const Term& t) { return std::all_of(t.arguments.begin(), t.arguments.end(), is_point); }
  static std::vector<std::string> names(const Term& t) {
    std::vector<std::string> out;
    for (const Term& a : t.arguments) out.push_back(a.name);
    return out;
  }

  void draw(const std::string& a, const std::string& b) { lines_.insert(std::minmax(a, b)); }

  void add(const Term& t) {
    if (t.is("PointLiesOnCircle", 2) && !t.arguments[1].arguments.empty()) circle_of_.emplace(t.arguments[0].name, t.arguments[1].arguments[0].name);
    if (t.is("Line", 2) && points(t)) draw(t.arguments[0].name, t.arguments[1].name);
    if (t.is("Angle", 3) && points(t)) {
      corners_.emplace(t.arguments[1].name, std::vector{t.arguments[0].name, t.arguments[2].name});
      draw(t.arguments[0].name, t.arguments[1].name), draw(t.arguments[1].name, t.arguments[2].name);
    }
    // Sides of a named polygon are drawn with it.
    if (t.arguments.size() >= 3 && points(t) && t.name != "Angle" && t.name != "Arc")
      for (size_t i = 0; i < t.arguments.size(); ++i) draw(t.arguments[i].name, t.arguments[(i + 1) % t.arguments.size()].name);
    for (const Term& a : t.arguments) add(a);
  }

  // An unknown letter: what is said to equal it, or to equal a line in it.
  std::optional<Goal> letter(const std::string& name) const {
    std::optional<Goal> best;
    for (const auto& [t, said] : equals_) {
      if (!t.arguments[1].arguments.empty() || t.arguments[0].arguments.empty()) continue;
      const std::string& side = t.arguments[1].name;
      if (side.find(name) == side.npos || name.size() != 1) continue;
      auto goal = this->goal(t.arguments[0]);
      if (!goal) continue;
      goal->said_by = said;
      if (side == name) return goal;
      try {
        // Linear in the letter: {0} = slope * letter + offset.
        const Formula f = Formula::parse(side, name[0]);
        const double offset = f(0), slope = f(1) - f(0);
        if (std::abs(f(2) - offset - 2 * slope) > 1e-9 || slope == 0) continue;
        goal->expression = fmt::format("({{0}}-({:g}))/{:g}", offset, slope);
        best = goal;
      } catch (const base::InvalidArgument&) {
        continue;  // not an expression
      }
    }
    return best;
  }

  std::set<std::pair<std::string, std::string>> lines_;
  std::vector<std::pair<Term, std::string>> equals_;           // and the same as it was said
  std::map<std::string, std::string> circle_of_;               // point -> centre
  std::map<std::string, std::vector<std::string>> corners_;    // vertex -> a point on each side
};

std::string quote(const std::string& point) { return "$points." + point; }

// What the observation of a measurement calls its number.
const char* value_of(const Measurement& measurement) {
  switch (measurement.kind) {
    case Kind::angle: return "degrees";
    case Kind::length: return "units";
    case Kind::perimeter: return "perimeter_units";
    default: return "area_units";
  }
}

// "2*{0}" with something in the place of {i}.
std::string with(std::string expression, size_t i, const std::string& what) {
  const std::string place = fmt::format("{{{}}}", i);
  for (size_t at; (at = expression.find(place)) != expression.npos;) expression.replace(at, place.size(), what);
  return expression;
}

// "angle S P Q": points apart as questions have them, a word a point, whatever stands beside it.
std::string in_words(const Measurement& m) {
  const char* what = m.kind == Kind::angle ? "angle" : m.kind == Kind::length ? "line" : "polygon";
  return fmt::format("{} {}", what, fmt::join(m.points, " "));
}

// What is asked, step by step from the goal's own words to points: each step is a short look at the one before.
std::string train_of_thought(const Goal& goal, const std::string& wanted) {
  std::string out = "The goal is " + wanted;
  if (!goal.said_by.empty()) out += ", in " + goal.said_by;
  for (const Measurement& m : goal.measurements) out += (&m == &goal.measurements.front() ? ", " : " over ") + in_words(m);
  return out + ". ";
}

Move measure(Turn& turn, const Measurement& m, const std::string& why) {
  const auto& p = m.points;
  const std::vector<std::string> thoughts = {why + "Measure " + in_words(m) + "."};
  if (m.kind == Kind::angle) return turn.call(thoughts, "measure_angle", {{"a", quote(p[0])}, {"b", quote(p[1])}, {"c", quote(p[2])}});
  if (m.kind == Kind::length) return turn.call(thoughts, "measure_length", {{"a", quote(p[0])}, {"b", quote(p[1])}, {"unit", "$unit"}});
  json corners = json::array();
  for (const std::string& one : p) corners.push_back(quote(one));
  return turn.call(thoughts, "measure_polygon", {{"corners", corners}, {"unit", "$unit"}});
}

Move guess(Turn& turn) { return turn.answer({"The figure does not give this; this is a guess."}, turn.trace.problem.choices.empty() ? "unknown" : "B"); }

}  // namespace

Move geometry_turn(Turn& turn) {
  const Figure figure(turn.trace.problem);
  const std::string wanted = turn.trace.problem.fields.value("goal", "");
  std::optional<Goal> goal;
  if (!wanted.empty()) goal = figure.goal(parse_term(wanted));
  if (!goal) return guess(turn);

  if (!turn.last("construct_figure")) {
    json arguments = {{"relations", "$relations"}};
    const auto& fields = turn.trace.problem.fields;
    if (fields.contains("lines")) arguments["lines"] = "$lines";
    if (fields.contains("near") && turn.failures() < 2) arguments["near"] = "$near";
    if (turn.failures() > 0) arguments["seed"] = turn.failures() + 1;
    if (turn.failures() > 3) return guess(turn);
    return turn.call({"Construct the figure to scale.", "Draw the figure from its relations.", "First construct the figure."}, "construct_figure", arguments);
  }

  // What has been drawn and measured since.
  std::set<std::pair<std::string, std::string>> added;
  std::vector<json> values;
  bool missed = false;
  for (const Step& step : turn.trace.steps) {
    if (!step.move.call) continue;
    const Call& call = *step.move.call;
    if (call.tool == "draw_line" && step.seen.ok)
      added.insert(std::minmax(call.arguments["a"].get<std::string>().substr(8), call.arguments["b"].get<std::string>().substr(8)));
    if (!call.tool.starts_with("measure_")) continue;
    missed |= !step.seen.ok;
    if (step.seen.ok && values.size() < goal->measurements.size()) values.push_back(step.seen.data.value(value_of(goal->measurements[values.size()]), json()));
  }
  if (values.size() < goal->measurements.size()) {
    const Measurement& next = goal->measurements[values.size()];
    const std::string why = train_of_thought(*goal, wanted);
    for (const auto& line : next.lines())
      if (!added.contains(std::minmax(line.first, line.second)) && (goal->auxiliary || missed || !figure.drawn(line)))
        return turn.call({why + "Draw the auxiliary line " + line.first + " " + line.second + "."}, "draw_line", {{"a", quote(line.first)}, {"b", quote(line.second)}});
    if (missed && turn.failures() > 2) return guess(turn);
    return measure(turn, next, why);
  }
  if (std::any_of(values.begin(), values.end(), [](const json& v) { return v.is_null(); })) return guess(turn);
  if (const Step* sum = turn.last("calculate"))
    return turn.answer({"That is the nearest choice.", "It is nearest to what was measured."}, sum->seen.data.contains("choice") ? "$choice" : "$value");
  json arguments = {{"expression", goal->expression}};
  if (values.size() == 1) {
    arguments = {{"expression", with(goal->expression, 0, "x")}, {"x", std::string("$") + value_of(goal->measurements[0])}};
  } else {
    for (size_t i = 0; i < values.size(); ++i) arguments["expression"] = with(arguments["expression"], i, base::dump_json(values[i]));
  }
  if (turn.trace.problem.fields.contains("choices")) arguments["choices"] = "$choices";
  return turn.call({"Which choice is nearest?", "Compare it with the choices."}, "calculate", arguments);
}

}  // namespace atelier::sketchpad
