#include "sketchpad/agent/planners.h"

#include "base/error.h"
#include "sketchpad/agent/endpoint_planner.h"
#include "sketchpad/agent/local_planner.h"
#include "sketchpad/agent/rules_planner.h"

namespace atelier::sketchpad {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Planner> local(const fs::path& folder, const Toolbox& tools) {
  return std::make_unique<LocalPlanner>(std::make_shared<const text::TextComponent>(text::TextComponent::load(folder)), tools, folder.string());
}

}  // namespace

std::unique_ptr<Planner> make_planner(const PlannerChoice& choice, const Toolbox& tools) {
  const std::string& which = choice.which;
  if (which == "local") {
    REQUIRE(fs::is_directory(choice.local_folder), "there is no local planner at {}; name a folder of weights, an endpoint's address, or rules",
            choice.local_folder.string());
    return local(choice.local_folder, tools);
  }
  if (which == "rules") return std::make_unique<RulesPlanner>();
  if (which.starts_with("http://") || which.starts_with("https://"))
    return std::make_unique<EndpointPlanner>(text::ChatConfig{.url = which, .model = choice.model}, tools);
  if (which.ends_with(".json")) return std::make_unique<ScriptedPlanner>(ScriptedPlanner::read(which));
  REQUIRE(fs::is_directory(which), "the planner must be local, rules, a folder of weights, an address that begins with http, or a script (.json), not {}",
          base::shown(which));
  return local(which, tools);
}

}  // namespace atelier::sketchpad
