#include "sketchpad/agent/training_text.h"

#include "base/error.h"
#include "base/progress.h"
#include "sketchpad/agent/document.h"
#include "sketchpad/agent/reply.h"
#include "sketchpad/agent/rules_planner.h"
#include "sketchpad/models.h"
#include "sketchpad/problems/phrases.h"
#include "sketchpad/problems/random_problems.h"

#include <set>
#include <thread>

namespace atelier::sketchpad {
namespace {

struct Lines {
  bool kept_out = false, right = false;
  std::vector<std::string> lines = {};
};

/// The run as its planner wrote it: an answer that is a quote stands as one.
Trace as_written(Trace trace, Planner& planner) {
  Trace before_answer = trace;
  before_answer.steps.pop_back();
  trace.steps.back().move = parse_reply(planner.reply(before_answer, true));
  return trace;
}

/// The same run in other words: the question put another way, each thought chosen anew; calls and observations stay.
Trace reworded(const Trace& trace, const json& hint, uint64_t seed, base::Random& random) {
  Trace out = trace;
  const std::string& task = trace.problem.task;
  if (has_wordings(task))
    out.problem.question = question_for(task, trace.problem.fields, static_cast<size_t>(random.below(static_cast<int64_t>(ways_to_ask(task)))));
  RulesPlanner planner(seed, hint);
  Trace so_far = trace;
  so_far.steps.clear();
  for (Step& step : out.steps) {
    const Move again = parse_reply(planner.reply(so_far, true));
    // Another draw may have drawn otherwise; only its words count, and only where it does the same thing.
    const bool same = again.call ? step.move.call && again.call->tool == step.move.call->tool : again.answer == step.move.answer;
    if (same) step.move.thought = again.thought;
    so_far.steps.push_back(step);
  }
  return out;
}

/// A model that knows what is asked about one problem's picture.
class Knowing : public Models {
 public:
  explicit Knowing(const json& told) : told_(told) {}
  Answered answer(const vision::Image&, const std::string&) override { return {told_.at("answer"), told_.at("caption")}; }
  std::vector<double> similarities(const vision::Image&, const std::vector<std::shared_ptr<const vision::Image>>&, const std::vector<std::string>&) override { nothing(); }
  std::vector<Recalled> recall(const std::string*, const vision::Image*, int64_t) override { nothing(); }
  vision::Image imagine(const std::string&, int64_t, uint64_t, const std::function<void()>&) override { nothing(); }

 private:
  [[noreturn]] static void nothing() { throw base::InvalidArgument("it only answers"); }
  const json told_;
};

Lines lines_of(const std::string& task, uint64_t seed, const TrainingTextOptions& options, const std::set<std::string>& keep_out, const Toolbox& tools) {
  const RandomProblem made = random_problem(task, seed);
  if (keep_out.contains(content_key(made.problem))) return {.kept_out = true};
  const Toolbox asking = made.told.is_null() ? Toolbox({}) : sketch_tools(std::make_shared<Knowing>(made.told));
  Session session(made.problem, Budget{}, made.told.is_null() ? tools : asking);
  RulesPlanner planner(seed | 1, made.hint);
  session.run(planner);
  const auto answer = session.trace().answer();
  if (!answer || !is_right(made.problem, *answer)) return {};
  const Trace run = as_written(session.trace(), planner);
  Lines out{.right = true};
  base::Random random(seed, 77);
  for (int64_t i = 0; i < options.wordings; ++i) {
    Trace trace = i == 0 ? run : reworded(run, made.hint, random.next() | 1, random);
    if (random.chance(options.at_once) && made.told.is_null()) {  // what only a model sees nobody can say at once
      trace.budget.steps = 0;
      trace.steps = {Step{.move = {.answer = answer}}};
    }
    out.lines.push_back(document_line(document(trace)));
  }
  return out;
}

}  // namespace

TrainingTextCounts write_training_text(const TrainingTextOptions& options, const Toolbox& tools,
                                       const std::function<void(const std::string&, const std::string&)>& write) {
  REQUIRE(options.documents >= 1 && options.documents <= 100'000'000, "documents must be 1 to 100000000, not {}", options.documents);
  REQUIRE(options.wordings >= 1 && options.wordings <= 100, "wordings must be 1 to 100, not {}", options.wordings);
  REQUIRE(options.threads >= 1 && options.threads <= 1024, "threads must be 1 to 1024, not {}", options.threads);
  const std::vector<std::string> names = options.tasks.empty() ? training_tasks() : options.tasks;
  for (const std::string& name : names)
    REQUIRE(std::find(training_tasks().begin(), training_tasks().end(), name) != training_tasks().end(), "there is no task {}; there are: {}",
            base::shown(name), fmt::join(training_tasks(), ", "));
  std::set<std::string> keep_out;
  for (const Problem& problem : options.keep_out) keep_out.insert(content_key(problem));

  TrainingTextCounts counts;
  std::set<std::string> written;
  base::Progress progress("documents", options.documents);
  int64_t done = 0;
  uint64_t next = 0;
  const auto block = static_cast<size_t>(options.threads) * 8;
  while (done < options.documents) {
    base::throw_if_cancelled();
    std::vector<Lines> results(block);
    std::vector<std::exception_ptr> failures(block);
    std::vector<std::thread> threads;
    for (int t = 0; t < options.threads; ++t)
      threads.emplace_back([&, t] {
        for (size_t i = static_cast<size_t>(t); i < block; i += static_cast<size_t>(options.threads)) try {
            results[i] = lines_of(names[(next + i) % names.size()], base::mix(options.seed, next + i), options, keep_out, tools);
          } catch (...) {
            failures[i] = std::current_exception();
          }
      });
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < block && done < options.documents; ++i) {
      if (failures[i]) std::rethrow_exception(failures[i]);
      const std::string& task = names[(next + i) % names.size()];
      auto& count = counts.tasks[task];
      ++count.runs, count.right += results[i].right, count.kept_out += results[i].kept_out;
      for (const std::string& line : results[i].lines) {
        if (done == options.documents || !written.insert(line).second) continue;  // few words, small problem: said before
        write(task, line);
        ++count.documents;
        progress.set(++done);
      }
    }
    next += block;
    REQUIRE(next < 1000 || done > 0, "none of {} runs came to a right answer", next);
  }
  return counts;
}

}  // namespace atelier::sketchpad
