#include "eval/statistics.h"

#include "base/error.h"
#include "base/ops.h"
#include "base/random.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace atelier::eval {
namespace {

constexpr uint64_t kSeed = 95;

double quantile(std::vector<double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The statistic of resamples, sorted.
std::vector<double> resampled(int64_t n, const std::function<double(std::span<const int64_t>)>& statistic, int64_t resamples) {
  base::Random random(kSeed, static_cast<uint64_t>(n));
  std::vector<int64_t> units(static_cast<size_t>(n));
  std::vector<double> values;
  for (int64_t r = 0; r < resamples; ++r) {
    for (int64_t& unit : units) unit = random.below(n);
    values.push_back(statistic(units));
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<int64_t> counting(int64_t n) {
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

struct Moments {
  Tensor mean, covariance;  // (d), (d, d) double
};

Moments moments(const Tensor& rows) {
  const Tensor x = rows.to(at::kDouble), mean = x.mean(0), centred = x - mean;
  return {mean, centred.t().matmul(centred) / static_cast<double>(x.size(0) - 1)};
}

}  // namespace

Interval bootstrap(int64_t n, const std::function<double(std::span<const int64_t>)>& statistic, int64_t resamples) {
  REQUIRE(n >= 1, "nothing was measured: there is no figure without at least one sample");
  const std::vector<double> values = resampled(n, statistic, resamples);
  return {statistic(counting(n)), quantile(values, 0.025), quantile(values, 0.975)};
}

Interval mean_interval(std::span<const double> values, std::span<const int64_t> groups) {
  ASSERT(groups.empty() || groups.size() == values.size());
  std::vector<double> sums, counts;  // of each group
  std::map<int64_t, size_t> place;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t at = groups.empty() ? i : place.try_emplace(groups[i], place.size()).first->second;
    if (at == sums.size()) sums.push_back(0), counts.push_back(0);
    sums[at] += values[i];
    ++counts[at];
  }
  return ratio_interval(sums, counts);
}

Interval difference_interval(std::span<const double> a, std::span<const double> b, std::span<const int64_t> groups) {
  ASSERT(a.size() == b.size());
  std::vector<double> differences(a.size());
  for (size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  return mean_interval(differences, groups);
}

Interval ratio_interval(std::span<const double> a, std::span<const double> b) {
  ASSERT(a.size() == b.size());
  return bootstrap(static_cast<int64_t>(a.size()), [&](std::span<const int64_t> units) {
    double above = 0, below = 0;
    for (const int64_t i : units) above += a[static_cast<size_t>(i)], below += b[static_cast<size_t>(i)];
    return above / below;
  });
}

double frechet_distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.size(0) >= 2 && b.size(0) >= 2, "a Frechet distance needs at least two samples a side, not {} and {}", a.size(0), b.size(0));
  const Moments p = moments(a), q = moments(b);
  // tr (A B)^(1/2) = tr (A^(1/2) B A^(1/2))^(1/2), and that one is symmetric.
  const auto [values, vectors] = at::linalg_eigh(p.covariance);
  const Tensor root = vectors.matmul(values.clamp_min(0).sqrt().unsqueeze(1) * vectors.t());
  const Tensor cross = at::linalg_eigvalsh(root.matmul(q.covariance).matmul(root)).clamp_min(0).sqrt().sum();
  return ((p.mean - q.mean).square().sum() + p.covariance.trace() + q.covariance.trace() - 2 * cross).item<double>();
}

Interval frechet_interval(const Tensor& a, const Tensor& b, int64_t resamples) {
  const int64_t n = a.size(0), m = b.size(0);
  const auto rows = [](const Tensor& set, std::span<const int64_t> units, int64_t offset) {
    std::vector<int64_t> chosen;
    for (const int64_t unit : units)
      if (unit >= offset && unit < offset + set.size(0)) chosen.push_back(unit - offset);
    while (chosen.size() < 2) chosen.push_back(0);
    return set.index_select(0, at::tensor(chosen, at::kLong));
  };
  const std::vector<double> values = resampled(n + m, [&](std::span<const int64_t> units) { return frechet_distance(rows(a, units, 0), rows(b, units, n)); }, resamples);
  const double value = frechet_distance(a, b), shift = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()) - value;
  return {value, quantile(values, 0.025) - shift, quantile(values, 0.975) - shift};
}

double pairwise_similarity(const Tensor& rows) {
  const auto n = static_cast<double>(rows.size(0));
  ASSERT(n >= 2);
  const Tensor x = rows.to(at::kDouble);
  return ((x.sum(0).square().sum() - x.square().sum()) / (n * (n - 1))).item<double>();
}

Tensor prototype(const Tensor& rows) {
  const Tensor mean = rows.mean(0);
  return base::unit(mean);
}

}  // namespace atelier::eval
