#pragma once
/// Random problems of every task, with answers that are computed, never looked up: what planners are trained on.
#include "base/random.h"
#include "sketchpad/problems/problem.h"

namespace atelier::sketchpad {

struct RandomProblem {
  Problem problem;
  json hint = nullptr;  // of a question over a picture: {"asks", "first", "second"}, for the program that answers it
  json told = nullptr;  // {"answer", "caption"} that a model that knows the picture gives; null: no model need be asked
};

/// connectivity, isomorphism, maxflow, parity, convexity, chess_winner, geometry, jigsaw, pictures, scenes.
const std::vector<std::string>& tasks();
/// These, and `asking`: questions that no tool but a model answers. Their pictures do not show what they ask about, so that
/// they teach whom to ask, and are of no use otherwise.
const std::vector<std::string>& training_tasks();

/// A function of (task, seed); of any of training_tasks(). @throws InvalidArgument if there is no such task
RandomProblem random_problem(const std::string& task, uint64_t seed);

// One task each (random_*.cpp); the question is filled in by random_problem where it is empty.
RandomProblem random_connectivity(base::Random& random);
RandomProblem random_isomorphism(base::Random& random);
RandomProblem random_maxflow(base::Random& random);
RandomProblem random_parity(base::Random& random);
RandomProblem random_convexity(base::Random& random);
RandomProblem random_chess(base::Random& random);
RandomProblem random_geometry(base::Random& random);
RandomProblem random_jigsaw(base::Random& random);
RandomProblem random_picture(base::Random& random);
RandomProblem random_scene(base::Random& random);
RandomProblem random_asking(base::Random& random);

}  // namespace atelier::sketchpad
