#pragma once
/// From what a planner wrote to a move. Total: any bytes give a call, an answer, or a complaint that says what to mend.
///
///     THOUGHT: The graph has to be drawn first.
///     ACTION: {"tool": "draw_graph", "arguments": {"matrix": "$graph"}}
///
///     THOUGHT: The lines connect them.
///     ANSWER: yes
///
/// The words may carry a number (THOUGHT 0:) and stars; the JSON may stand in a code fence and may hold the arguments
/// beside the tool's name. A reply with both call and answer is a call: nobody answers before the drawing is seen.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

struct ReplyLimits {
  size_t bytes = 65536;   // of a reply; what is longer is a complaint
  size_t thought = 4000;  // kept of a thought
  size_t answer = 400;    // kept of an answer
};

Move parse_reply(std::string_view reply, const ReplyLimits& limits = {});

/// The inverse, as planners write it and as worked examples show it.
std::string reply_text(const Move& move);

/// A call's JSON with the arguments beside the tool's name, on one line: the shortest form that parse_reply reads.
std::string call_text(const Call& call);

}  // namespace atelier::sketchpad
