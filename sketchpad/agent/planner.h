#pragma once
/// Who thinks: one interface for models of ours, models elsewhere, and scripts.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

/// A planner sees what the trace shows, the problem's text and pictures, thoughts, calls and observations, nothing else.
class Planner {
 public:
  virtual ~Planner() = default;
  /// The next turn, in the words of sketchpad/agent/reply.h.
  /// @param may_call  false: no call is left, an answer is asked for
  /// @throws ResourceError if who thinks cannot be reached, Cancelled
  virtual std::string reply(const Trace& trace, bool may_call) = 0;
  virtual std::string name() const = 0;
};

/// Says what it was given, turn by turn, whatever it sees.
class ScriptedPlanner : public Planner {
 public:
  explicit ScriptedPlanner(std::vector<std::string> replies) : replies_(std::move(replies)) {}
  /// A JSON list of moves ({"thought", "call" or "answer"}) or of texts. @throws InvalidFile
  static ScriptedPlanner read(const std::filesystem::path& file);

  std::string reply(const Trace& trace, bool may_call) override;
  std::string name() const override { return "script"; }

 private:
  std::vector<std::string> replies_;
};

}  // namespace atelier::sketchpad
