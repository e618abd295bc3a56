#include "sketchpad/tool.h"

#include "base/error.h"

#include <opencv2/core.hpp>

namespace atelier::sketchpad {

Args::Args(json values, const ToolLimits& limits, std::string tool)
    : values_(std::move(values)), limits_(limits), tool_(std::move(tool)), deadline_(std::chrono::steady_clock::now() + limits.time) {}

const json& Args::at(std::string_view name) const {
  const auto found = values_.find(name);
  ASSERT(found != values_.end() && !found->is_null());  // a tool may only ask for what it declared
  return *found;
}

bool Args::has(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && !found->is_null();
}

double Args::number(std::string_view name) const { return at(name).get<double>(); }
int64_t Args::integer(std::string_view name) const { return static_cast<int64_t>(at(name).get<double>()); }
bool Args::flag(std::string_view name) const { return at(name).get<bool>(); }
std::string Args::text(std::string_view name) const { return at(name).get<std::string>(); }
Colour Args::colour(std::string_view name) const { return parse_colour(text(name)); }
Point Args::point(std::string_view name) const { return {at(name)[0].get<double>(), at(name)[1].get<double>()}; }

Box Args::box(std::string_view name) const {
  const json& b = at(name);
  return {b[0].get<double>(), b[1].get<double>(), b[2].get<double>(), b[3].get<double>()};
}

std::vector<Point> Args::points(std::string_view name) const {
  std::vector<Point> out;
  for (const json& p : at(name)) out.push_back({p[0].get<double>(), p[1].get<double>()});
  return out;
}

std::vector<double> Args::numbers(std::string_view name) const { return at(name).get<std::vector<double>>(); }
std::vector<std::string> Args::texts(std::string_view name) const { return at(name).get<std::vector<std::string>>(); }
std::vector<std::vector<double>> Args::matrix(std::string_view name) const { return at(name).get<std::vector<std::vector<double>>>(); }

std::vector<std::pair<std::string, Point>> Args::named_points(std::string_view name) const {
  std::vector<std::pair<std::string, Point>> out;
  for (const auto& [key, p] : at(name).items()) out.emplace_back(key, Point{p[0].get<double>(), p[1].get<double>()});
  return out;
}

std::shared_ptr<const vision::Image> Args::picture(std::string_view name, const Sheet& sheet) const {
  auto image = sheet.picture(text(name));
  REQUIRE(image->width * image->height <= limits_.pixels, "{} looks at pictures of at most {} pixels, not {} x {}: crop it first", tool_,
          limits_.pixels, image->width, image->height);
  return image;
}

Canvas& Args::canvas(std::string_view name, Sheet& sheet) const {
  Canvas& canvas = sheet.canvas(text(name));
  canvas.allow(limits_.shapes);
  return canvas;
}

std::chrono::milliseconds Args::time_left() const {
  using std::chrono::milliseconds;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline_ - std::chrono::steady_clock::now()));
}

void Args::check_time() const {
  REQUIRE(std::chrono::steady_clock::now() < deadline_, "{} took longer than its {} ms: use a smaller picture or fewer shapes",
      tool_, limits_.time.count());
}

Tool::Tool(std::string name) : name_(std::move(name)) {}
Tool& Tool::says(std::string text) { return says_ = std::move(text), *this; }
Tool& Tool::limits(const ToolLimits& limits) { return limits_ = limits, *this; }
Tool& Tool::runs(Run run) { return run_ = std::move(run), *this; }

Tool& Tool::arg(std::string name, Type type, std::string says) {
  arguments_.push_back({std::move(name), std::move(type), std::move(says), true, nullptr});
  return *this;
}

Tool& Tool::opt(std::string name, Type type, json otherwise, std::string says) {
  arguments_.push_back({std::move(name), std::move(type), std::move(says), false, std::move(otherwise)});
  return *this;
}

json Tool::schema() const {
  json properties = json::object(), required = json::array();
  for (const Argument& a : arguments_) {
    json one = a.type.schema();
    one["description"] = a.says.empty() ? a.type.in_words() : a.says + " (" + a.type.in_words() + ")";
    if (!a.otherwise.is_null()) one["default"] = a.otherwise;
    properties[a.name] = std::move(one);
    if (a.required) required.push_back(a.name);
  }
  return {{"name", name_},
          {"description", says_},
          {"parameters", {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}}};
}

std::string Tool::help() const {
  std::string usage = name_ + "(", lines;
  for (const Argument& a : arguments_) {
    if (usage.back() != '(') usage += ", ";
    usage += a.required ? a.name : fmt::format("{}={}", a.name, a.otherwise.is_null() ? "none" : base::dump_json(a.otherwise));
    lines += fmt::format("  {}: {}{}\n", a.name, a.says.empty() ? "" : a.says + "; ", a.type.in_words());
  }
  return usage + ")\n  " + says_ + "\n" + lines;
}

Args Tool::check(const json& call) const {
  REQUIRE(call.is_object(), "{} takes its arguments as a JSON object, not {}", name_, base::shown(call));
  json values = json::object();
  for (const Argument& a : arguments_) {
    const auto given = call.find(a.name);
    if (given != call.end() && !given->is_null()) {
      a.type.check(*given, name_ + ": " + a.name);
      values[a.name] = *given;
    } else {
      REQUIRE(!a.required, "{} needs the argument {}: {}", name_, a.name, a.type.in_words());
      values[a.name] = a.otherwise;
    }
  }
  for (const auto& [key, value] : call.items()) {
    if (values.contains(key)) continue;
    std::string there;
    for (const Argument& a : arguments_) there += (there.empty() ? "" : ", ") + a.name;
    throw base::InvalidArgument(fmt::format("{} has no argument {}; it takes: {}", name_, base::shown(key), there));
  }
  return Args(std::move(values), limits_, name_);
}

Observation Tool::run(const json& call, Sheet& sheet) const {
  const Args args = check(call);
  Sheet before = sheet;
  try {
    return run_(args, sheet);
  } catch (const cv::Exception& error) {
    sheet = std::move(before);
    throw base::InvalidArgument(fmt::format("{} cannot do this with the picture: {}", name_, error.err));
  } catch (...) {
    sheet = std::move(before);
    throw;
  }
}

Toolbox::Toolbox(std::vector<Tool> tools) : tools_(std::move(tools)) {
  for (size_t i = 0; i < tools_.size(); ++i)
    for (size_t j = 0; j < i; ++j) ASSERT(tools_[i].name() != tools_[j].name());
}

const Tool& Toolbox::find(std::string_view name) const {
  for (const Tool& t : tools_)
    if (t.name() == name) return t;
  // Levenshtein's distance to every name, cut off: the near misses are what a planner meant.
  const std::string asked(name.substr(0, 64));
  std::vector<std::pair<size_t, std::string>> near;
  for (const Tool& t : tools_) {
    std::vector<size_t> row(t.name().size() + 1);
    for (size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= asked.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j < row.size(); ++j) {
        const size_t above = row[j];
        row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (asked[i - 1] != t.name()[j - 1])});
        diagonal = above;
      }
    }
    near.emplace_back(row.back(), t.name());
  }
  std::sort(near.begin(), near.end());
  std::string hint;
  for (size_t i = 0; i < std::min<size_t>(3, near.size()); ++i) hint += (i ? ", " : "") + near[i].second;
  throw base::InvalidArgument(fmt::format("there is no tool {}; near it: {}", base::shown(asked), hint));
}

json Toolbox::schema() const {
  json out = json::array();
  for (const Tool& t : tools_) out.push_back({{"type", "function"}, {"function", t.schema()}});
  return out;
}

std::string Toolbox::help() const {
  std::string out;
  for (const Tool& t : tools_) out += t.help() + "\n";
  return out;
}

Observation show(Sheet& sheet, const std::string& prefix, vision::Image image, std::string text, json data) {
  auto picture = std::make_shared<const vision::Image>(std::move(image));
  std::string name = sheet.add(prefix, picture);
  return {std::move(text), std::move(data), std::move(picture), std::move(name)};
}

Observation show_canvas(Sheet& sheet, const std::string& name, std::string text, json data) {
  return {std::move(text), std::move(data), sheet.picture(name), name};
}

double rounded(double value, int digits) {
  const double power = std::pow(10.0, digits);
  return std::round(value * power) / power;
}

json to_json(Point p) { return json::array({rounded(p.x), rounded(p.y)}); }
json to_json(const Box& b) { return json::array({rounded(b.x), rounded(b.y), rounded(b.width), rounded(b.height)}); }

}  // namespace atelier::sketchpad
