#pragma once
/// The loop: thought, call, observation, until an answer or the end of a budget; and every way to change its course.
///
/// A call runs on a sheet of paper that only this session has. A call that fails becomes an observation that says what
/// to mend. A step may be replaced, inserted or taken out: what follows it is drawn again, so that the trace is always
/// what its calls give. Two sessions with the same calls see the same pixels.
#include "sketchpad/agent/planner.h"
#include "sketchpad/tools.h"

namespace atelier::sketchpad {

class Session {
 public:
  /// @param tools  not owned, must outlive the session
  Session(Problem problem, const Budget& budget, const Toolbox& tools, Resources resources = {});
  /// Goes on with a trace: its calls run again. @throws InvalidArgument if the problem's pictures do not fit on a sheet
  Session(Trace trace, const Toolbox& tools, Resources resources = {});

  const Trace& trace() const { return trace_; }
  /// Says where it comes from, once it is a copy that goes its own way.
  void branch_of(std::string name) { trace_.branch_of = std::move(name); }
  const Sheet& sheet() const { return sheets_.back(); }

  /// Turns until an answer or the end of the budget.
  /// @param on_step  called after each; false stops there, and a later run goes on
  /// @throws what the planner throws; the trace stays as it was
  void run(Planner& planner, const std::function<bool(const Step&)>& on_step = {});

  /// One move, whoever made it. @param seconds  that the planner took
  const Step& take(Move move, double seconds = 0);
  /// Only the first n steps stay. @throws InvalidArgument if there are fewer
  void keep(size_t n);
  /// Another course behind the first `at` steps: `moves` come in the place of the next `gone` ones, and what followed is
  /// drawn again, up to an answer.
  /// @param on_step  called after each that is drawn; what it throws ends the work there
  /// @throws InvalidArgument if there are fewer than `at` + `gone`
  void edit(size_t at, size_t gone, std::vector<Move> moves, const std::function<void()>& on_step = {});

 private:
  bool spent();  // sets the outcome where a budget is over

  Trace trace_;
  const Toolbox* tools_;
  std::vector<Sheet> sheets_;  // before the first step, then after each
};

/// Runs a trace's calls again. @return the first step whose observation differs in a word, a number or a pixel
std::optional<size_t> replay(const Trace& trace, const Toolbox& tools, Resources resources = {});

}  // namespace atelier::sketchpad
