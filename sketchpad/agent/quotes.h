#pragma once
/// Values that a call takes from elsewhere by name, as a program refers to its variables.
///
/// A text "$graph" that is all of a value stands for the problem's field `graph`, or else for what the latest
/// observation with data of this name holds; "$points.A" is a member, "$sides.0" an entry. Quotes reach into lists and
/// objects. A number that is quoted where a tool takes text is written out. An answer may quote too: "$flow".
#include "sketchpad/agent/trace.h"

#include <set>

namespace atelier::sketchpad {

/// @return the arguments with every quote replaced. @throws InvalidArgument that names what can be quoted
json resolved(const json& arguments, const Tool& tool, const Trace& trace);

/// @return what an answer stands for: the word or number that it quotes, or itself where it quotes neither
std::string resolved_answer(const std::string& answer, const Trace& trace);

/// What could be quoted now: "$graph", "$points", "$points.A"; members of objects with more than 100 are left out.
std::set<std::string> quotable(const Trace& trace);

}  // namespace atelier::sketchpad
