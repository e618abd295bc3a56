#include "base/error.h"
#include "sketchpad/agent/planner.h"
#include "sketchpad/agent/reply.h"

namespace atelier::sketchpad {

ScriptedPlanner ScriptedPlanner::read(const std::filesystem::path& file) {
  const json document = base::read_json(file);
  CHECK_FILE(document.is_array(), file.string(), "must be a list of replies");
  std::vector<std::string> replies;
  for (const json& one : document) {
    try {
      replies.push_back(one.is_string() ? one.get<std::string>() : reply_text(parse_move(one)));
    } catch (const base::InvalidArgument& error) {
      throw base::InvalidFile(fmt::format("{}: reply {}: {}", file.string(), replies.size() + 1, error.what()));
    }
  }
  return ScriptedPlanner(std::move(replies));
}

// The place in the script follows from the trace, so that a branch goes on where it should.
std::string ScriptedPlanner::reply(const Trace& trace, bool) {
  REQUIRE(trace.steps.size() < replies_.size(), "the script ends after {} replies, without an answer", replies_.size());
  return replies_[trace.steps.size()];
}

}  // namespace atelier::sketchpad
