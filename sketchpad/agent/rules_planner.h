#pragma once
/// Programs for the tasks we know, written by hand: what the local planner learns from, and how well it can do at best.
///
/// Each program draws, looks, and answers what the last observation says. It knows the task by its name and its fields
/// by theirs; like every planner it sees the trace and nothing else.
#include "base/random.h"
#include "sketchpad/agent/planner.h"

namespace atelier::sketchpad {

/// A turn being written by a program: what it has seen so far, and words to choose from.
struct Turn {
  const Trace& trace;
  base::Random random;
  bool varied;  // choose words and layouts at random, not the first

  size_t done() const { return trace.steps.size(); }
  const Seen& seen() const { return trace.steps.back().seen; }
  bool saw(std::string_view words) const { return !trace.steps.empty() && seen().ok && seen().text.find(words) != std::string::npos; }
  /// Steps so far that called this tool, with what they gave.
  const Step* last(std::string_view tool) const;
  int failures() const;  // observations that are complaints
  const json& field(const char* name) const { return trace.problem.fields.at(name); }

  const std::string& one_of(const std::vector<std::string>& texts);
  Move call(const std::vector<std::string>& thoughts, std::string tool, json arguments);
  Move answer(const std::vector<std::string>& thoughts, std::string answer);
};

/// The number behind these words of a text; nothing if there is none.
std::optional<double> number_after(std::string_view text, std::string_view words);

class RulesPlanner : public Planner {
 public:
  /// @param seed  0: always the same words and layouts
  /// @param hint  what a generated question over a picture asks (sketchpad/problems/random_problems.h); null: none
  explicit RulesPlanner(uint64_t seed = 0, json hint = nullptr) : seed_(seed), hint_(std::move(hint)) {}

  /// A program for it: one of connectivity, isomorphism, maxflow, parity, convexity, chess_winner, geometry, jigsaw, or with a
  /// hint any generated question over a picture.
  bool knows(const std::string& task) const;
  /// @throws InvalidArgument that names the tasks, if the problem's is none that it knows
  std::string reply(const Trace& trace, bool may_call) override;
  std::string name() const override { return "rules"; }

 private:
  uint64_t seed_;
  json hint_;
};

/// A figure's program (rules_geometry.cpp) and a question's over a picture (rules_pictures.cpp).
Move geometry_turn(Turn& turn);
Move pictures_turn(Turn& turn, const json& hint);

}  // namespace atelier::sketchpad
