#include "sketchpad/problems/sets.h"

#include "base/error.h"
#include "base/files.h"
#include "sketchpad/geometry.h"
#include "sketchpad/problems/phrases.h"

#include <set>

namespace atelier::sketchpad {
namespace {

namespace fs = std::filesystem;

// Some packages write matrices as text.
json matrix_of(const json& item, const char* name) {
  const json& value = item.at(name);
  return value.is_string() ? base::parse_json(value.get<std::string>(), name) : value;
}

Problem made(const json& item, std::string task, json fields, std::vector<std::string> choices, std::string answer) {
  Problem problem;
  problem.id = item.value("id", ""), problem.task = std::move(task), problem.fields = std::move(fields);
  problem.choices = std::move(choices), problem.answer = std::move(answer);
  problem.question = question_for(problem.task, problem.fields, 0);
  return problem;
}

std::string yes_or_no(const json& item) {
  if (!item.contains("label")) return {};
  return item["label"].is_boolean() ? (item["label"].get<bool>() ? "yes" : "no") : base::dump_json(item["label"]);
}

Problem function_problem(const json& item) {
  std::string formula = item.at("code");
  if (const size_t equals = formula.find('='); equals != formula.npos) formula = formula.substr(formula.find_first_not_of(' ', equals + 1));
  const std::string label = item.value("label", ""), id = item.value("id", "");
  const bool convexity = label == "convex" || label == "concave" || id.find("convex") != id.npos;
  json fields = {{"formula", formula}};
  if (!convexity) return made(item, "parity", fields, {"even", "odd", "neither"}, label);
  const bool positive = item.contains("domain") && item["domain"].is_string();
  fields["domain"] = positive ? item["domain"].get<std::string>() : "all x";
  return made(item, "convexity", fields, {"convex", "concave"}, label);
}

Problem chess_problem(const json& item) {
  const std::string fen = item.at("fen");
  const size_t space = fen.find(' ');
  const bool black = space != fen.npos && fen.compare(space + 1, 1, "b") == 0;
  // The position is what is asked about: the moves that led to it stay out.
  return made(item, "chess_winner", {{"fen", fen.substr(0, space)}, {"turn", black ? "black" : "white"}}, {"White", "Black", "Draw"},
              item.value("label", ""));
}

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

/// Corners of the figure's outline in order: the convex hull of the given places, points on its sides left out.
std::vector<std::string> outline(const json& places) {
  std::vector<std::pair<Point, std::string>> points;
  for (const auto& [name, p] : places.items()) points.push_back({{p.at(0).get<double>(), p.at(1).get<double>()}, name});
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return std::pair(a.first.x, a.first.y) < std::pair(b.first.x, b.first.y); });
  std::vector<std::pair<Point, std::string>> hull;
  // Andrew's monotone chain, lower side then upper. Places are read off a picture: nearly straight corners are none.
  const auto pass = [&](auto begin, auto end) {
    const size_t base = hull.size();
    for (auto p = begin; p != end; ++p) {
      while (hull.size() >= base + 2) {
        const Point a = hull[hull.size() - 2].first, b = hull.back().first;
        if (cross(unit(b - a), unit(p->first - b)) > 0.06) break;
        hull.pop_back();
      }
      hull.push_back(*p);
    }
    if (!hull.empty()) hull.pop_back();
  };
  pass(points.begin(), points.end()), pass(points.rbegin(), points.rend());
  std::vector<std::string> names;
  for (const auto& [p, name] : hull) names.push_back(name);
  return names;
}

/// "$" is the one in the figure: the outline of a polygon, the only circle.
std::string named(std::string statement, const std::vector<std::string>& corners, const std::string& circle) {
  std::string list;
  for (const std::string& corner : corners) list += (list.empty() ? "" : ",") + corner;
  for (const char* polygon : {"Polygon", "Parallelogram", "Trapezoid", "Triangle", "Quadrilateral", "Rectangle", "Square", "Rhombus"})
    if (const size_t at = statement.find(std::string(polygon) + "($)"); at != statement.npos && corners.size() >= 3)
      statement.replace(statement.find('$', at), 1, list);
  if (const size_t at = statement.find("Circle($)"); at != statement.npos && !circle.empty()) statement.replace(at + 7, 1, circle);
  return statement;
}

/// The shape that a goal speaks of, which is thereby said to be one: "PerimeterOf(Parallelogram(A,B,C,D))"; "" if none.
std::string shape_in(const std::string& goal) {
  for (const char* shape : {"Regular(", "Isosceles(", "Parallelogram(", "Rectangle(", "Square(", "Rhombus(", "Trapezoid("}) {
    const size_t begin = goal.find(shape);
    if (begin == goal.npos) continue;
    int depth = 0;
    for (size_t end = begin; end < goal.size(); ++end) {
      depth += goal[end] == '(' ? 1 : goal[end] == ')' ? -1 : 0;
      if (goal[end] == ')' && depth == 0) return goal.substr(begin, end - begin + 1);
    }
  }
  return {};
}

/// "Whatever looks tangent is": lines from a circle's point to one that is neither on it nor its centre.
void add_tangents(const json& form, const std::string& circle, json& relations) {
  std::set<std::string> on;
  for (const json& relation : relations) {
    const std::string text = relation;
    if (text.starts_with("PointLiesOnCircle(")) on.insert(text.substr(18, text.find(',') - 18));
  }
  for (const json& line : form.value("line_instances", json::array())) {
    const std::string name = line, a = name.substr(0, 1), b = name.size() == 2 ? name.substr(1) : "";
    if (b.empty() || on.contains(a) == on.contains(b) || a == circle || b == circle) continue;
    relations.push_back(fmt::format("Tangent(Line({},{}),Circle({}))", a, b, circle));
    relations.push_back(fmt::format("Perpendicular(Line({0},{1}),Line({1},{2}))", on.contains(a) ? b : a, on.contains(a) ? a : b, circle));
  }
}

Problem geometry_problem(const json& item, const fs::path& folder) {
  const json& form = item.at("logic_form");
  Problem problem;
  problem.id = item.value("id", ""), problem.task = "geometry", problem.question = item.at("problem_text");
  json lengths = json::array(), others = json::array();
  std::string goal;
  std::set<std::string> seen;
  const json places = form.value("point_positions", json::object());
  const auto corners = outline(places);
  const json circles = form.value("circle_instances", json::array());
  const std::string circle = circles.size() == 1 ? circles[0].get<std::string>() : "";
  bool tangents = false;
  for (const char* part : {"diagram_logic_form", "text_logic_form"})
    for (const json& statement : form.at(part)) {
      const std::string text = named(without_spaces(statement.get<std::string>()), corners, circle);
      if (text.starts_with("Tangent(Line($)")) {
        tangents = !circle.empty();
        continue;
      }
      if (text.starts_with("Find(") && text.ends_with(")")) goal = text.substr(5, text.size() - 6);
      else if (!text.empty() && seen.insert(text).second) (text.starts_with("Equals") ? lengths : others).push_back(text);
    }
  for (const json& other : others) lengths.push_back(other);
  if (const std::string shape = shape_in(goal); !shape.empty() && seen.insert(shape).second) lengths.push_back(shape);
  if (tangents) add_tangents(form, circle, lengths);
  problem.fields = {{"relations", lengths}, {"goal", goal}, {"lines", form.value("line_instances", json::array())},
                    {"near", places}};
  if (item.contains("precise_value")) problem.fields["choices"] = item["precise_value"];
  for (const json& choice : item.value("choices", json::array())) {
    problem.question += fmt::format(" ({}) {}", static_cast<char>('A' + problem.choices.size()), choice.get<std::string>());
    problem.choices.emplace_back(1, static_cast<char>('A' + problem.choices.size()));
  }
  problem.answer = item.value("answer", "");
  if (const fs::path image = folder / "image.png"; fs::exists(image))
    problem.pictures.push_back({"image_1", std::make_shared<const vision::Image>(vision::read_image(image))});
  return problem;
}

Problem picture_problem(const json& item, const fs::path& folder) {
  Problem problem;
  problem.id = item.value("id", ""), problem.answer = item.value("answer", "");
  for (const json& file : item.at("images")) {
    const fs::path path = file.get<std::string>();
    problem.pictures.push_back({fmt::format("image_{}", problem.pictures.size() + 1),
                                std::make_shared<const vision::Image>(vision::read_image(folder / path))});
  }
  // Placeholders of pictures say nothing that their names do not.
  std::string question = item.at("question");
  for (size_t at; (at = question.find("<image>")) != question.npos;) question.erase(at, 7);
  std::string one_line;
  for (const char c : question)
    if (c != '\n' && c != ' ') one_line += c;
    else if (!one_line.empty() && one_line.back() != ' ') one_line += ' ';
  problem.question = one_line;
  problem.choices = {"A", "B"};
  problem.task = problem.id.find("igsaw") != problem.id.npos ? "jigsaw" : "pictures";
  return problem;
}

void add_file(const fs::path& file, std::vector<Problem>& out) {
  const fs::path folder = fs::absolute(file).parent_path();
  const auto add = [&](std::string_view text, const std::string& where) {
    const json item = base::parse_json(text, where);
    try {
      out.push_back(adapt(item, folder));
    } catch (const json::exception& error) {
      throw base::InvalidFile(fmt::format("{}: no problem of a known set: {}", where, error.what()));
    } catch (const base::InvalidArgument& error) {
      throw base::InvalidFile(fmt::format("{}: {}", where, error.what()));
    }
  };
  const std::string text = base::read_file(file, int64_t{256} << 20);
  if (file.extension() != ".jsonl") return add(text, file.string());
  int line = 0;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    ++line;
    if (text.find_first_not_of(" \r", from) < end) add(std::string_view(text).substr(from, end - from), fmt::format("{} line {}", file.string(), line));
    from = end + 1;
  }
}

}  // namespace

Problem adapt(const json& item, const fs::path& folder) {
  REQUIRE(item.is_object(), "an item must be a JSON object, not {}", base::shown(item));
  const auto has = [&](const char* name) { return item.contains(name); };
  if (has("adjacency_matrix_G"))
    return made(item, "isomorphism", {{"graph_1", matrix_of(item, "adjacency_matrix_G")}, {"graph_2", matrix_of(item, "adjacency_matrix_H")}},
                {"yes", "no"}, yes_or_no(item));
  if (has("query_node_1"))
    return made(item, "connectivity",
                {{"graph", matrix_of(item, "adjacency_matrix")}, {"node_1", item["query_node_1"]}, {"node_2", item.at("query_node_2")},
                 {"colour", item.value("query_nodes_color", "red")}},
                {"yes", "no"}, yes_or_no(item));
  if (has("source_node"))
    return made(item, "maxflow", {{"graph", matrix_of(item, "adjacency_matrix")}, {"source", item["source_node"]}, {"sink", item.at("sink_node")}},
                {}, yes_or_no(item));
  if (has("code") && !has("logic_form")) return function_problem(item);
  if (has("fen")) return chess_problem(item);
  if (has("logic_form")) return geometry_problem(item, folder);
  if (has("images") && has("question")) return picture_problem(item, folder);
  return parse_problem(item, folder);
}

std::vector<Problem> read_problems(const fs::path& from) {
  std::vector<Problem> out;
  if (!fs::is_directory(from)) {
    add_file(from, out);
    return out;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_directory() && fs::exists(entry.path() / "example.json")) files.push_back(entry.path() / "example.json");
    else if (entry.is_directory() && fs::exists(entry.path() / "ex.json")) files.push_back(entry.path() / "ex.json");
    else if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  if (files.empty() && fs::exists(from / "example.json")) files.push_back(from / "example.json");
  CHECK_FILE(!files.empty(), from.string(), "has no .jsonl file and no folder with an example.json");
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) add_file(file, out);
  return out;
}

}  // namespace atelier::sketchpad
