#pragma once
/// Random problems of every task, with answers that are computed, never looked up: what planners are trained on.
#include "base/random.h"
#include "sketchpad/problems/problem.h"

namespace atelier::sketchpad {

struct RandomProblem {
  Problem problem;
  json hint = nullptr;  // of a question over a picture: {"asks", "first", "second"}, for the program that answers it
};

/// connectivity, isomorphism, maxflow, parity, convexity, chess_winner, geometry, jigsaw, pictures.
const std::vector<std::string>& tasks();

/// A function of (task, seed). @throws InvalidArgument if there is no such task
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

}  // namespace atelier::sketchpad
