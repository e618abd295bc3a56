#pragma once
/// A tool is declared once: name, what it does, typed arguments, limits, what runs.
///
/// The declaration gives the JSON schema (for language models that call functions), the argument checks (each failure
/// one sentence that says what to mend), the help text and, later, the page's form. Nothing is ever executed but `runs`.
///
///     tool("measure_angle").says("The angle at vertex b ...").arg("a", point(), "one end") ... .runs(...);
#include "base/json.h"
#include "sketchpad/sheet.h"

#include <chrono>
#include <functional>

namespace atelier::sketchpad {

using base::json;

/// What a tool hands back: words for the planner, optionally the same as data, optionally a picture to look at.
struct Observation {
  std::string text;
  json data = nullptr;
  std::shared_ptr<const vision::Image> picture = nullptr;
  std::string picture_name = {};  // under which the sheet keeps it
};

/// An argument's type: what it may be, in a schema's terms and in words.
class Type {
 public:
  enum class Kind { number, integer, flag, text, choice, colour, point, box, list, matrix, named_points, picture, canvas };

  json schema() const;
  /// "a point [x, y] with both in 0 to 1": completes "a must be ...".
  std::string in_words() const;
  /// @throws InvalidArgument "NAME must be ..., not ..."
  void check(const json& value, const std::string& name) const;
  Kind kind() const { return kind_; }

  Kind kind_ = Kind::number;
  double low_ = 0, high_ = 0;            // number, integer, matrix: range; text: bytes; list, matrix, named_points: count
  double least_ = 0, most_ = 0;          // of a matrix's entries, of named points' coordinates
  std::vector<std::string> choices_ = {};
  std::shared_ptr<const Type> item_ = nullptr;  // list
};

Type number(double low, double high);
Type integer(int64_t low, int64_t high);
Type flag();
Type text(int64_t most_bytes = 200);
Type choice(std::vector<std::string> choices);
Type colour();
Type point();                                           // [x, y], normalised
Type box();                                             // [x, y, width, height], normalised, inside the picture
Type list_of(Type item, int64_t least, int64_t most);
Type matrix(double low, double high, int64_t most_rows);  // square, as rows
Type named_points(double low, double high, int64_t most);  // {"A": [x, y], ...}
Type picture();                                         // the name of a picture or canvas of the sheet; "": the latest
Type canvas();                                          // the name of a canvas, made white if new; a picture is drawn over

struct ToolLimits {
  int64_t shapes = 2000;                        // that one call may add to canvases
  int64_t pixels = 16 << 20;                    // of any picture it looks at
  std::chrono::milliseconds time{5000};         // until check_time() throws
};

/// Checked arguments of one call, defaults filled in.
class Args {
 public:
  Args(json values, const ToolLimits& limits, std::string tool);

  bool has(std::string_view name) const;  // given and not null
  double number(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::string text(std::string_view name) const;
  Colour colour(std::string_view name) const;
  Point point(std::string_view name) const;
  Box box(std::string_view name) const;
  std::vector<Point> points(std::string_view name) const;
  std::vector<double> numbers(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::vector<std::vector<double>> matrix(std::string_view name) const;
  std::vector<std::pair<std::string, Point>> named_points(std::string_view name) const;
  /// @throws InvalidArgument if there is none of this name or it has more pixels than the tool looks at
  std::shared_ptr<const vision::Image> picture(std::string_view name, const Sheet& sheet) const;
  Canvas& canvas(std::string_view name, Sheet& sheet) const;

  const json& values() const { return values_; }
  const ToolLimits& limits() const { return limits_; }
  std::chrono::milliseconds time_left() const;  // not below 0
  /// For loops that may take long. @throws InvalidArgument once the tool's time is over
  void check_time() const;

 private:
  const json& at(std::string_view name) const;
  json values_;
  ToolLimits limits_;
  std::string tool_;
  std::chrono::steady_clock::time_point deadline_;
};

struct Argument {
  std::string name;
  Type type;
  std::string says;
  bool required = true;
  json otherwise = nullptr;  // the default; null: none
};

class Tool {
 public:
  using Run = std::function<Observation(const Args&, Sheet&)>;

  explicit Tool(std::string name);
  Tool& says(std::string text);
  Tool& arg(std::string name, Type type, std::string says = "");
  Tool& opt(std::string name, Type type, json otherwise, std::string says = "");
  Tool& limits(const ToolLimits& limits);
  Tool& runs(Run run);

  const std::string& name() const { return name_; }
  const std::string& what() const { return says_; }
  const std::vector<Argument>& arguments() const { return arguments_; }

  /// {"name", "description", "parameters": JSON schema}
  json schema() const;
  /// A usage line, a sentence, a line an argument.
  std::string help() const;
  /// @param call  the arguments as an object. @throws InvalidArgument in one sentence that says what to mend
  Args check(const json& call) const;
  /// Checks and runs; if anything throws, the sheet is as it was before.
  /// @throws InvalidArgument, InvalidFile, ResourceError
  Observation run(const json& call, Sheet& sheet) const;

 private:
  std::string name_, says_;
  std::vector<Argument> arguments_;
  ToolLimits limits_;
  Run run_;
};

inline Tool tool(std::string name) { return Tool(std::move(name)); }

class Toolbox {
 public:
  explicit Toolbox(std::vector<Tool> tools);
  /// @throws InvalidArgument that names the nearest tools
  const Tool& find(std::string_view name) const;
  const std::vector<Tool>& tools() const { return tools_; }
  json schema() const;
  std::string help() const;

 private:
  std::vector<Tool> tools_;
};

/// Puts the picture into the sheet under prefix_N and into the observation.
Observation show(Sheet& sheet, const std::string& prefix, vision::Image image, std::string text, json data = nullptr);
/// The canvas as it looks now.
Observation show_canvas(Sheet& sheet, const std::string& name, std::string text, json data = nullptr);

/// Rounded for people and for short JSON.
double rounded(double value, int digits = 4);
json to_json(Point p);
json to_json(const Box& b);

}  // namespace atelier::sketchpad
