#pragma once
/// Levenberg-Marquardt on a dense problem of at most a few hundred unknowns.
#include <functional>
#include <vector>

namespace atelier::sketchpad {

/// @param residuals  (unknowns, out: residuals), always the same number of them
/// @param at         the start, and afterwards the best point found
/// @return the sum of squared residuals there
double least_squares(const std::function<void(const std::vector<double>&, std::vector<double>&)>& residuals, std::vector<double>& at,
                     int iterations = 120);

}  // namespace atelier::sketchpad
