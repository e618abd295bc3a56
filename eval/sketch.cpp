// Visual Sketchpad: the same planner with paper and pencil, and without.
#include "base/error.h"
#include "base/progress.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "sketchpad/agent/evaluate.h"
#include "sketchpad/agent/planners.h"
#include "sketchpad/problems/random_problems.h"
#include "sketchpad/problems/sets.h"
#include "sketchpad/tools.h"

#include <algorithm>
#include <map>

namespace atelier::eval {
namespace {

using sketchpad::Problem;

/// What Visual Sketchpad reports for GPT-4o, without and with its tools.
const std::map<std::string, std::string>& published() {
  static const std::map<std::string, std::string> figures = {
      {"connectivity", "96.1 -> 98.4"}, {"isomorphism", "50.8 -> 65.3"}, {"maxflow", "25.0 -> 66.3"}, {"parity", "87.2 -> 94.9"},
      {"convexity", "84.4 -> 94.7"},    {"chess_winner", "61.1 -> 64.6"}, {"geometry", "62.5 -> 66.7"}, {"jigsaw", "64.0 -> 70.7"}};
  return figures;
}

/// The sets of a folder, or fresh problems; at most `count` a task.
std::vector<Problem> problems(Workbench& bench, int64_t count) {
  std::map<std::string, std::vector<Problem>> tasks;
  if (bench.options().tasks.empty()) {
    constexpr uint64_t kSeed = uint64_t{1} << 40;  // away from the seeds of training
    for (const std::string& task : sketchpad::tasks())
      for (int64_t i = 0; i < count; ++i) tasks[task].push_back(sketchpad::random_problem(task, kSeed + static_cast<uint64_t>(i)).problem);
  } else {
    std::vector<std::filesystem::path> sets;
    for (const auto& entry : std::filesystem::directory_iterator(bench.options().tasks))
      if (entry.is_directory() || entry.path().extension() == ".jsonl" || entry.path().extension() == ".json") sets.push_back(entry.path());
    std::sort(sets.begin(), sets.end());
    for (const auto& set : sets)
      for (Problem& problem : sketchpad::read_problems(set)) tasks[problem.task].push_back(std::move(problem));
  }
  std::vector<Problem> all;
  for (auto& [task, some] : tasks)
    for (Problem& problem : sample(std::move(some), count, 50)) all.push_back(std::move(problem));
  REQUIRE(!all.empty(), "{} holds no problems", bench.options().tasks.string());
  return all;
}

/// Right or not, by task, problem by problem.
std::map<std::string, std::vector<double>> answers(const std::vector<Problem>& problems, sketchpad::Planner& planner, const sketchpad::Toolbox& tools, bool with_tools) {
  std::map<std::string, std::vector<double>> all;
  sketchpad::EvaluateOptions options;
  if (!with_tools) options.budget.steps = 0;
  base::Progress progress(with_tools ? "with tools" : "without tools", static_cast<int64_t>(problems.size()), "problems");
  options.on_problem = [&](const Problem& problem, const sketchpad::Trace&, bool is_right) {
    all[problem.task].push_back(right(is_right));
    progress.advance();
  };
  sketchpad::evaluate(problems, planner, tools, options);
  return all;
}

}  // namespace

Claim measure_sketch(Workbench& bench) {
  const sketchpad::Toolbox tools = sketchpad::sketch_tools();
  const auto planner = sketchpad::make_planner({.which = "local", .local_folder = bench.options().models / "planner"}, tools);
  const std::vector<Problem> asked = problems(bench, bench.count(1, 20, 20));
  const auto without = answers(asked, *planner, tools, false), with = answers(asked, *planner, tools, true);
  Claim claim;
  claim.method = "Sketchpad";
  claim.says = "A planner that may draw and look answers more than the same planner at once.";
  claim.data = bench.options().tasks.empty()
      ? fmt::format("{} fresh random problems of the kinds that the planner trained on, of seeds that no training had.", asked.size())
      : fmt::format("{} problems of {} sets in Visual Sketchpad's form; what they ask was kept out of training by content.", asked.size(), with.size());
  std::vector<double> all_with, all_without;
  std::vector<Bar> bars;
  for (const auto& [task, some] : with) {
    const std::vector<double>& at_once = without.at(task);
    const Interval plain = mean_interval(at_once), drawn = mean_interval(some);
    const auto paper = published().find(task);
    claim.figures.push_back({task + ", with tools", drawn, Unit::percent, static_cast<int64_t>(some.size()), paper == published().end() ? "" : "GPT-4o " + paper->second,
                             fmt::format("without {:.1f} %", 100 * plain.value), false});
    bars.push_back({task, drawn});
    bars.push_back({"without", plain});
    all_with.insert(all_with.end(), some.begin(), some.end());
    all_without.insert(all_without.end(), at_once.begin(), at_once.end());
  }
  const auto n = static_cast<int64_t>(all_with.size());
  claim.figures.push_back({"all tasks, with tools", mean_interval(all_with), Unit::percent, n, "", "", true});
  claim.figures.push_back({"all tasks, without", mean_interval(all_without), Unit::percent, n, "", "", true});
  claim.figures.push_back({"gain by tools", difference_interval(all_with, all_without), Unit::points, n, "+12.7 (mathematics), +8.6 (vision)", "", true});
  claim.notes = {"A comparison of systems, not of models: the tools here read a drawing and judge it, where GPT-4o had to judge with its own eyes."};
  claim.pictures = {bench.keep("sketch.png", bar_plot("Answered rightly, with and without tools", bars))};
  return claim;
}

}  // namespace atelier::eval
