#include "sketchpad/agent/evaluate.h"

#include "base/error.h"
#include "base/progress.h"

namespace atelier::sketchpad {

std::map<std::string, Score> evaluate(const std::vector<Problem>& problems, Planner& planner, const Toolbox& tools, const EvaluateOptions& options) {
  std::map<std::string, Score> scores;
  base::Progress progress("problems", static_cast<int64_t>(problems.size()));
  int64_t done = 0, right_so_far = 0;
  for (const Problem& problem : problems) {
    base::throw_if_cancelled();
    Session session(problem, options.budget, tools, options.resources);
    try {
      session.run(planner);
    } catch (const base::InvalidArgument& error) {
      // What a planner cannot read it cannot answer; the next problem may be another matter.
      session.take({.complaint = error.what()});
    }
    const Trace& trace = session.trace();
    const auto answer = trace.answer();
    const bool right = answer && !problem.answer.empty() && is_right(problem, *answer);
    Score& score = scores[problem.task.empty() ? "other" : problem.task];
    ++score.problems, score.right += right, score.unanswered += !answer, score.seconds += trace.seconds();
    for (const Step& step : trace.steps) score.calls += step.move.call.has_value(), score.failed_calls += step.move.call && !step.seen.ok;
    if (!options.traces.empty()) {
      std::string name = problem.id.empty() ? fmt::format("problem_{}", done + 1) : problem.id;
      std::replace(name.begin(), name.end(), '/', '_');
      std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-'; });
      save(trace, options.traces / (name.empty() ? fmt::format("problem_{}", done + 1) : name));
    }
    if (options.on_problem) options.on_problem(problem, trace, right);
    progress.note(fmt::format("{} of {} right", right_so_far += right, done + 1));
    progress.set(++done);
  }
  return scores;
}

json to_json(const std::map<std::string, Score>& scores) {
  json out = json::object();
  Score all;
  const auto one = [](const Score& s) -> json {
    return {{"problems", s.problems}, {"right", s.right}, {"accuracy", s.problems ? rounded(static_cast<double>(s.right) / static_cast<double>(s.problems)) : 0.0},
            {"unanswered", s.unanswered}, {"calls", s.calls}, {"failed_calls", s.failed_calls}, {"seconds", rounded(s.seconds, 2)}};
  };
  for (const auto& [task, s] : scores) {
    out[task] = one(s);
    all.problems += s.problems, all.right += s.right, all.unanswered += s.unanswered, all.calls += s.calls, all.failed_calls += s.failed_calls, all.seconds += s.seconds;
  }
  out["all"] = one(all);
  return out;
}

}  // namespace atelier::sketchpad
