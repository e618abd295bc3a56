#pragma once
/// A multimodal model behind an OpenAI-compatible endpoint: our prompt, worked examples, the trace as a dialogue with
/// its pictures.
#include "sketchpad/agent/planner.h"
#include "text/client/chat.h"

namespace atelier::sketchpad {

struct EndpointPlannerOptions {
  int64_t max_tokens = 700;  // of a turn
  int64_t pictures = 4;      // the latest observations' that are sent; a problem's own always are
  size_t field_bytes = 4000; // of a field's JSON that are shown
  std::function<bool()> cancelled = {};  // asked while the server writes; true ends the turn with Cancelled
};

class EndpointPlanner : public Planner {
 public:
  /// @throws InvalidArgument for a URL that is none
  EndpointPlanner(text::ChatConfig config, const Toolbox& tools, const EndpointPlannerOptions& options = {});

  std::string reply(const Trace& trace, bool may_call) override;
  std::string name() const override;

 private:
  text::ChatClient client_;
  std::string system_;
  EndpointPlannerOptions options_;
};

/// The messages of a turn. @param system  the prompt with tools and examples
std::vector<text::ChatMessage> dialogue(const Trace& trace, bool may_call, const std::string& system, const EndpointPlannerOptions& options);

/// The prompt for runs with tools: what they are, how to write, worked examples (sketchpad/agent/prompts).
std::string sketch_prompt(const Toolbox& tools);

/// prompts/examples.json: problems with moves and what the tools say to them.
std::string_view worked_examples();

}  // namespace atelier::sketchpad
