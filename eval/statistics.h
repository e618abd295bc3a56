#pragma once
/// Numbers that say how sure they are, and the distances between sets of CLIP vectors.
///
/// Intervals are 95 % percentile bootstrap intervals (Efron) of a fixed seed: the same measurements give the same
/// interval. What was measured together (the questions of one scene) is drawn together.
#include "base/tensor.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace atelier::eval {

/// A measured value and the ends of its interval.
struct Interval {
  double value = 0, low = 0, high = 0;
};

inline constexpr int64_t kResamples = 1000;

/// Of any statistic of n units. @param statistic  of the units with these indices, repetitions included
/// @throws InvalidArgument for n = 0
Interval bootstrap(int64_t n, const std::function<double(std::span<const int64_t> units)>& statistic, int64_t resamples = kResamples);

/// Of the mean. @param groups  one a value: equal where values were measured together; empty: each for itself
/// @throws InvalidArgument if there are no values
Interval mean_interval(std::span<const double> values, std::span<const int64_t> groups = {});

/// Of the mean of a - b, pair by pair: what both share does not widen it.
Interval difference_interval(std::span<const double> a, std::span<const double> b, std::span<const int64_t> groups = {});

/// Of sum(a) / sum(b), pair by pair.
Interval ratio_interval(std::span<const double> a, std::span<const double> b);

/// |mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)) of two sets' means and covariances (n - 1 in the denominator), as FID has it.
/// @param a, b (rows, d), at least two rows each
double frechet_distance(const Tensor& a, const Tensor& b);

/// Its interval. A resample holds rows twice and so looks further away than it is: the mean of that shift is taken out.
Interval frechet_interval(const Tensor& a, const Tensor& b, int64_t resamples = 100);

/// Mean inner product of two different rows. @param rows (n, d), n >= 2
double pairwise_similarity(const Tensor& rows);

/// The normalised mean of rows: what a class looks like on average. @param rows (n, d), n >= 1 @return (d)
Tensor prototype(const Tensor& rows);

}  // namespace atelier::eval
