#pragma once
/// What a run leaves behind: the problem, and step by step thought, call and observation, up to an answer.
///
/// A trace is a value: a copy is a branch. On disk it is a folder: trace.json, the pictures as PNG, and for people page.html
/// (sketchpad/agent/page.h) and strip.png (sketchpad/agent/strip.h).
#include "sketchpad/problems/problem.h"
#include "sketchpad/tool.h"

#include <optional>

namespace atelier::sketchpad {

/// A tool's name and its arguments as the planner wrote them, quotes of fields included.
struct Call {
  std::string tool;
  json arguments = json::object();
  friend bool operator==(const Call&, const Call&) = default;
};

/// One turn of a planner: a thought, and then a call, an answer, or something nobody can read.
struct Move {
  std::string thought = {};
  std::optional<Call> call = {};
  std::optional<std::string> answer = {};
  std::string complaint = {};  // what is wrong with the reply; then there is neither call nor answer
  std::string reply = {};      // of an unreadable turn, as it came, cut
};

/// What came of it.
struct Seen {
  bool ok = true;
  std::string text = {};
  json data = nullptr;
  std::string name = {};                                     // of the picture on the sheet
  std::shared_ptr<const vision::Image> picture = nullptr;
};

struct Step {
  Move move = {};
  Seen seen = {};
  double seconds = 0;  // planner and tool together
};

struct Budget {
  int64_t steps = 12;                  // turns with a call (or an unreadable one); 0: answer at once
  double seconds = 300;                // of all turns together
  int64_t pixels = int64_t{100} << 20; // of all observations' pictures
};

enum class Outcome { open, answered, out_of_steps, out_of_time, out_of_pixels };
std::string_view name_of(Outcome outcome);

struct Trace {
  Problem problem;  // without its answer, once it comes from a file
  Budget budget;
  std::string planner = {};  // who thought
  std::vector<Step> steps = {};
  Outcome outcome = Outcome::open;
  std::string branch_of = {};  // where it comes from, if it is a branch

  std::optional<std::string> answer() const { return steps.empty() ? std::nullopt : steps.back().move.answer; }
  int64_t turns() const;   // steps that count against the budget
  double seconds() const;
  int64_t pixels() const;
};

json to_json(const Move& move);
/// @throws InvalidArgument
Move parse_move(const json& document);

/// The trace without pixels. @param file_of  gives the file of the problem's picture of this name, or of step N as "N"
json to_json(const Trace& trace, const std::function<std::string(const std::string&)>& file_of);

/// Writes trace.json, pictures/*.png, page.html and strip.png into a folder, made if missing. @throws ResourceError
void save(const Trace& trace, const std::filesystem::path& folder);
/// @throws InvalidFile
Trace load_trace(const std::filesystem::path& folder);

}  // namespace atelier::sketchpad
