#include "sketchpad/agent/session.h"

#include "base/error.h"
#include "sketchpad/agent/quotes.h"
#include "sketchpad/agent/reply.h"

namespace atelier::sketchpad {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Sheet fresh_sheet(const Problem& problem, Resources resources) {
  Sheet sheet(std::move(resources));
  for (const NamedPicture& p : problem.pictures) sheet.put(p.name, p.image);
  return sheet;
}

Seen run_call(const Call& call, const Trace& trace, const Toolbox& tools, Sheet& sheet) {
  try {
    const Tool& tool = tools.find(call.tool);
    Observation seen = tool.run(resolved(call.arguments, tool, trace), sheet);
    return {true, std::move(seen.text), std::move(seen.data), std::move(seen.picture_name), std::move(seen.picture)};
  } catch (const base::InvalidArgument& error) {
    return {.ok = false, .text = error.what()};
  } catch (const base::InvalidFile& error) {
    return {.ok = false, .text = error.what()};
  } catch (const base::ResourceError& error) {
    return {.ok = false, .text = error.what()};
  }
}

}  // namespace

Session::Session(Problem problem, const Budget& budget, const Toolbox& tools, Resources resources) : tools_(&tools) {
  REQUIRE(budget.steps >= 0 && budget.steps <= 1000, "a run has 0 to 1000 steps, not {}", budget.steps);
  REQUIRE(budget.seconds > 0, "a run's seconds must be above 0, not {}", budget.seconds);
  problem.answer.clear();
  trace_.problem = std::move(problem), trace_.budget = budget;
  sheets_.push_back(fresh_sheet(trace_.problem, std::move(resources)));
}

Session::Session(Trace trace, const Toolbox& tools, Resources resources) : Session(std::move(trace.problem), trace.budget, tools, std::move(resources)) {
  trace_.planner = std::move(trace.planner), trace_.branch_of = std::move(trace.branch_of);
  for (Step& step : trace.steps) take(std::move(step.move), step.seconds);
  trace_.outcome = trace.outcome;
}

bool Session::spent() {
  if (trace_.seconds() > trace_.budget.seconds) trace_.outcome = Outcome::out_of_time;
  if (trace_.pixels() > trace_.budget.pixels) trace_.outcome = Outcome::out_of_pixels;
  return trace_.outcome == Outcome::out_of_time || trace_.outcome == Outcome::out_of_pixels;
}

void Session::run(Planner& planner, const std::function<bool(const Step&)>& on_step) {
  trace_.planner = planner.name();
  if (trace_.answer()) return;
  trace_.outcome = Outcome::open;
  while (!spent()) {
    const bool may_call = trace_.turns() < trace_.budget.steps;
    const auto start = Clock::now();
    Move move = parse_reply(planner.reply(trace_, may_call));
    if (!may_call && !move.answer) {
      trace_.outcome = Outcome::out_of_steps;
      return;
    }
    const Step& step = take(std::move(move), since(start));
    if (trace_.answer()) trace_.outcome = Outcome::answered;
    if ((on_step && !on_step(step)) || trace_.answer()) return;
  }
}

const Step& Session::take(Move move, double seconds) {
  REQUIRE(!trace_.answer(), "the run has its answer already; take that step out to go on");
  const auto start = Clock::now();
  Sheet sheet = sheets_.back();
  Seen seen;
  if (move.call) seen = run_call(*move.call, trace_, *tools_, sheet);
  else if (!move.answer) seen = {.ok = false, .text = move.complaint};
  if (move.answer) move.answer = resolved_answer(*move.answer, trace_), trace_.outcome = Outcome::answered;
  trace_.steps.push_back({std::move(move), std::move(seen), seconds + since(start)});
  sheets_.push_back(std::move(sheet));
  return trace_.steps.back();
}

void Session::keep(size_t n) {
  REQUIRE(n <= trace_.steps.size(), "the trace has {} steps, not {}", trace_.steps.size(), n);
  trace_.steps.erase(trace_.steps.begin() + static_cast<ptrdiff_t>(n), trace_.steps.end());
  sheets_.erase(sheets_.begin() + static_cast<ptrdiff_t>(n) + 1, sheets_.end());
  trace_.outcome = trace_.answer() ? Outcome::answered : Outcome::open;
}

void Session::edit(size_t at, size_t gone, std::vector<Move> moves, const std::function<void()>& on_step) {
  const size_t steps = trace_.steps.size();
  REQUIRE(at <= steps && gone <= steps - at, "the trace has {} steps; {} behind the first {} cannot go", steps, gone, at);
  for (size_t i = at + gone; i < steps; ++i) moves.push_back(std::move(trace_.steps[i].move));
  keep(at);
  for (Move& move : moves) {
    if (trace_.answer()) return;  // what came after an answer is gone
    take(std::move(move));
    if (on_step) on_step();
  }
}

std::optional<size_t> replay(const Trace& trace, const Toolbox& tools, Resources resources) {
  Session again(trace.problem, trace.budget, tools, std::move(resources));
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Seen &now = again.take(trace.steps[i].move).seen, &then = trace.steps[i].seen;
    const bool same_picture = !now.picture == !then.picture &&
                              (!now.picture || (now.picture->width == then.picture->width && now.picture->pixels == then.picture->pixels));
    if (now.ok != then.ok || now.text != then.text || now.data != then.data || now.name != then.name || !same_picture) return i;
  }
  return {};
}

}  // namespace atelier::sketchpad
