#include "sketchpad/problems/random_problems.h"

#include "base/error.h"
#include "sketchpad/problems/phrases.h"

#include <map>

namespace atelier::sketchpad {
namespace {

using Make = RandomProblem (*)(base::Random&);

const std::vector<std::pair<std::string, Make>>& makers() {
  static const std::vector<std::pair<std::string, Make>> kMakers = {
      {"connectivity", random_connectivity}, {"isomorphism", random_isomorphism}, {"maxflow", random_maxflow},
      {"parity", random_parity},             {"convexity", random_convexity},     {"chess_winner", random_chess},
      {"geometry", random_geometry},         {"jigsaw", random_jigsaw},           {"pictures", random_picture},
      {"scenes", random_scene},               {"asking", random_asking}};
  return kMakers;
}

}  // namespace

const std::vector<std::string>& training_tasks() {
  static const std::vector<std::string> kTasks = [] {
    std::vector<std::string> out;
    for (const auto& [name, make] : makers()) out.push_back(name);
    return out;
  }();
  return kTasks;
}

const std::vector<std::string>& tasks() {
  static const std::vector<std::string> kTasks(training_tasks().begin(), training_tasks().end() - 1);  // all but the last, asking
  return kTasks;
}

RandomProblem random_problem(const std::string& task, uint64_t seed) {
  for (size_t i = 0; i < makers().size(); ++i) {
    if (makers()[i].first != task) continue;
    base::Random random(seed, i + 1);
    RandomProblem made = makers()[i].second(random);
    made.problem.task = task, made.problem.id = fmt::format("random/{}/{}", task, seed);
    if (made.problem.question.empty())
      made.problem.question = question_for(task, made.problem.fields, static_cast<size_t>(random.below(static_cast<int64_t>(ways_to_ask(task)))));
    return made;
  }
  throw base::InvalidArgument(fmt::format("there is no task {}; there are: {}", base::shown(task), fmt::join(training_tasks(), ", ")));
}

}  // namespace atelier::sketchpad
