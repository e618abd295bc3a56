#pragma once
/// Values that a call takes from elsewhere by name, as a program refers to its variables.
///
/// A text "$graph" that is all of a value stands for the problem's field `graph`, or else for what the latest
/// observation with data of this name holds; "$points.A" is a member, "$sides.0" an entry. Quotes reach into lists and
/// objects; "$question" is the problem's own, if nothing else has that name. A number that is quoted where a tool takes text
/// is written out. An answer may quote too: "$flow".
#include "sketchpad/agent/trace.h"

#include <map>
#include <set>

namespace atelier::sketchpad {

/// @return the arguments with every quote replaced. @throws InvalidArgument that names what can be quoted
json resolved(const json& arguments, const Tool& tool, const Trace& trace);

/// @return what an answer stands for: the word or number that it quotes, or itself where it quotes neither
std::string resolved_answer(const std::string& answer, const Trace& trace);

/// What could be quoted now, for a planner that writes under a grammar: "$graph", "$points", "$points.A"; members of
/// objects with more than 100 are left out.
class Quotes {
 public:
  explicit Quotes(const Trace& trace);

  /// Does this begin (`whole`: is it) the quote of a value that an argument of this type takes?
  bool fit(std::string_view written, const Type& type, bool whole) const;
  /// The same for an answer: words or a number; if `choices` are not empty, one of them.
  bool fit_answer(std::string_view written, const std::vector<std::string>& choices, bool whole) const;

 private:
  std::map<std::string, json> values_;
  mutable std::map<const Type*, std::set<std::string>> fitting_;  // remembered: a grammar asks for every sign
};

}  // namespace atelier::sketchpad
