#pragma once
/// Values that a call takes from elsewhere by name, as a program refers to its variables.
///
/// A text "$graph" that is all of a value stands for the problem's field `graph`, or else for what the latest
/// observation with data of this name holds; "$points.A" is a member, "$sides.0" an entry. Quotes reach into lists and
/// objects. A number that is quoted where a tool takes text is written out.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

/// @return the arguments with every quote replaced. @throws InvalidArgument that names what can be quoted
json resolved(const json& arguments, const Tool& tool, const Trace& trace);

}  // namespace atelier::sketchpad
