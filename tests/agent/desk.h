#pragma once
/// Sessions with all tools, and moves in short.
#include "../support.h"
#include "sketchpad/agent/session.h"

namespace atelier::sketchpad {

inline const Toolbox& all_tools() {
  static const Toolbox kTools = sketch_tools();
  return kTools;
}

inline Move calls(std::string tool, json arguments = json::object(), std::string thought = "so") {
  return {.thought = std::move(thought), .call = Call{std::move(tool), std::move(arguments)}};
}
inline Move answers(std::string answer) { return {.thought = "seen", .answer = std::move(answer)}; }

/// A path 0 - 1 - 2 and a lonely 3.
inline Problem path_problem() {
  Problem problem{.id = "p", .task = "connectivity", .question = "Are 0 and 2 connected?"};
  problem.fields = {{"graph", {{0, 1, 0, 0}, {1, 0, 1, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}}}, {"node_1", 0}, {"node_2", 2}};
  problem.choices = {"yes", "no"}, problem.answer = "yes";
  return problem;
}

}  // namespace atelier::sketchpad
