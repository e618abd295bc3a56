#pragma once
/// How many problems of a set a planner answers, with tools and without.
#include "sketchpad/agent/session.h"

#include <map>

namespace atelier::sketchpad {

struct Score {
  int64_t problems = 0, right = 0, unanswered = 0;
  int64_t calls = 0, failed_calls = 0;
  double seconds = 0;
};

struct EvaluateOptions {
  Budget budget;                     // steps = 0: without tools
  std::filesystem::path traces;      // a folder a problem goes in here; empty: none are kept
  Resources resources = {};
  /// Called with each problem that is done.
  std::function<void(const Problem&, const Trace&, bool right)> on_problem = {};
};

/// Runs every problem. Who thinks may fail on one: it then counts as unanswered, and its message goes to `on_problem`'s
/// trace as the last observation.
/// @return by task, in order of names @throws ResourceError if the planner cannot be reached, Cancelled
std::map<std::string, Score> evaluate(const std::vector<Problem>& problems, Planner& planner, const Toolbox& tools, const EvaluateOptions& options);

/// {"connectivity": {"problems": 60, "right": 59, "accuracy": 0.9833, ...}, ..., "all": {...}}
json to_json(const std::map<std::string, Score>& scores);

}  // namespace atelier::sketchpad
