#pragma once
/// From statements about a figure to coordinates: nonlinear least squares from several starts.
///
/// Unknowns are the points, a radius a circle and every letter in an expression; each statement gives residuals
/// (lengths as a share of the figure's size, angles in radians); Levenberg-Marquardt (Marquardt 1963) with numeric
/// derivatives from the points that the caller knows roughly and from random ones; the best is taken.
#include "sketchpad/geometry.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace atelier::sketchpad {

struct Figure {
  std::map<std::string, Point> points;                        // y downwards, in the statements' unit of length
  std::map<std::string, double> radii;                        // of circles, by their centres
  std::map<std::string, double> letters;                      // values of unknown letters
  std::vector<std::pair<std::string, std::string>> segments;  // named in the statements
  std::vector<std::string> left_out;                          // statements that say nothing about coordinates
  bool has_scale = false;                                     // some length is given as a number
  double misfit = 0;                                          // largest residual
  std::string worst;                                          // its statement
};

struct FigureOptions {
  int starts = 24;
  uint64_t seed = 1;
  std::map<std::string, Point> near = {};       // rough places, any unit, y downwards
  std::function<void()> each_start = {};        // may throw to stop
};

/// @throws InvalidArgument if a statement cannot be read, or there are no points or more than 40
Figure solve_figure(const std::vector<std::string>& statements, const FigureOptions& options = {});

}  // namespace atelier::sketchpad
