#pragma once
/// A sheet and all tools: calls by name, as a planner makes them.
#include "sketchpad/tools.h"

#include "../support.h"

namespace atelier::sketchpad {

struct Desk {
  Toolbox tools = sketch_tools();
  Sheet sheet;

  Observation operator()(std::string_view tool, const json& call = json::object()) { return tools.find(tool).run(call, sheet); }
};

}  // namespace atelier::sketchpad
