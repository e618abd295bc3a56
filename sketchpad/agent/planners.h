#pragma once
/// Planners by a word: what a command line or a request names.
#include "sketchpad/agent/planner.h"

namespace atelier::sketchpad {

struct PlannerChoice {
  std::string which = "local";          // "local", "rules", an http:// or https:// address, a folder of weights, a script (.json)
  std::filesystem::path local_folder;   // what "local" means
  std::string model = {};               // of an endpoint; empty: the server's own choice
};

/// @param tools  not owned, must outlive the planner
/// @throws InvalidArgument if `which` is none of these, InvalidFile for weights or a script
std::unique_ptr<Planner> make_planner(const PlannerChoice& choice, const Toolbox& tools);

}  // namespace atelier::sketchpad
