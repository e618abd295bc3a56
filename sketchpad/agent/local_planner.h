#pragma once
/// The local planner: a text tower that writes the next part of a trace's document (sketchpad/agent/document.h).
///
/// It writes a thought, then decides between a call and an answer. A call is written under the grammar of
/// sketchpad/agent/call_grammar.h: the most probable token that a call can go on with. Everything is greedy, so that the
/// same trace gives the same turn.
#include "sketchpad/agent/planner.h"
#include "text/generate.h"

namespace atelier::sketchpad {

struct LocalPlannerLimits {
  int64_t thought = 120, call = 256, answer = 24;  // tokens
};

class LocalPlanner : public Planner {
 public:
  /// @param tools  not owned, must outlive the planner
  /// @throws InvalidArgument if the vocabulary lacks <think>, <act>, <obs> or <answer>
  LocalPlanner(std::shared_ptr<const text::TextComponent> component, const Toolbox& tools, std::string name, const LocalPlannerLimits& limits = {});

  /// @throws InvalidArgument if the trace is longer than the model's positions
  std::string reply(const Trace& trace, bool may_call) override;
  std::string name() const override { return name_; }

 private:
  class Writing;
  std::shared_ptr<const text::TextComponent> component_;
  const Toolbox& tools_;
  std::string name_;
  LocalPlannerLimits limits_;
  text::TokenId think_, act_, answer_;
};

}  // namespace atelier::sketchpad
