// Graphs: connectivity, isomorphism, flow.
#include "sketchpad/problems/random_problems.h"

#include "sketchpad/problems/phrases.h"

#include <fmt/format.h>

namespace atelier::sketchpad {
namespace {

using Matrix = std::vector<std::vector<int64_t>>;

Matrix empty(size_t n) { return Matrix(n, std::vector<int64_t>(n, 0)); }

Matrix random_graph(base::Random& random, size_t n, double share) {
  Matrix m = empty(n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < i; ++j) m[i][j] = m[j][i] = random.chance(share);
  return m;
}

/// Which part each node is in.
std::vector<size_t> parts(const Matrix& m) {
  std::vector<size_t> part(m.size(), SIZE_MAX);
  for (size_t i = 0; i < m.size(); ++i) {
    if (part[i] != SIZE_MAX) continue;
    std::vector<size_t> waiting{i};
    part[i] = i;
    while (!waiting.empty()) {
      const size_t at = waiting.back();
      waiting.pop_back();
      for (size_t j = 0; j < m.size(); ++j)
        if (m[at][j] && part[j] == SIZE_MAX) part[j] = i, waiting.push_back(j);
    }
  }
  return part;
}

Matrix renumbered(const Matrix& m, base::Random& random) {
  std::vector<size_t> to(m.size());
  for (size_t i = 0; i < to.size(); ++i) to[i] = i;
  for (size_t i = to.size(); i-- > 1;) std::swap(to[i], to[static_cast<size_t>(random.below(static_cast<int64_t>(i) + 1))]);
  Matrix out = empty(m.size());
  for (size_t i = 0; i < m.size(); ++i)
    for (size_t j = 0; j < m.size(); ++j) out[to[i]][to[j]] = m[i][j];
  return out;
}

/// Numbers that isomorphic graphs share: of walks of each length from each node, sorted.
std::vector<std::vector<int64_t>> walk_counts(const Matrix& m) {
  std::vector<std::vector<int64_t>> counts(m.size(), std::vector<int64_t>(m.size() + 1, 1));
  for (size_t length = 1; length <= m.size(); ++length)
    for (size_t i = 0; i < m.size(); ++i) {
      int64_t sum = 0;
      for (size_t j = 0; j < m.size(); ++j) sum += m[i][j] * counts[j][length - 1];
      counts[i][length] = sum % 1'000'003;
    }
  std::sort(counts.begin(), counts.end());
  return counts;
}

int64_t max_flow(Matrix room, size_t source, size_t sink) {
  int64_t total = 0;
  for (;;) {
    std::vector<size_t> before(room.size(), SIZE_MAX), waiting{source};
    before[source] = source;
    for (size_t k = 0; k < waiting.size(); ++k)
      for (size_t j = 0; j < room.size(); ++j)
        if (room[waiting[k]][j] > 0 && before[j] == SIZE_MAX) before[j] = waiting[k], waiting.push_back(j);
    if (before[sink] == SIZE_MAX) return total;
    int64_t least = INT64_MAX;
    for (size_t at = sink; at != source; at = before[at]) least = std::min(least, room[before[at]][at]);
    for (size_t at = sink; at != source; at = before[at]) room[before[at]][at] -= least, room[at][before[at]] += least;
    total += least;
  }
}

}  // namespace

RandomProblem random_connectivity(base::Random& random) {
  const auto n = static_cast<size_t>(random.between(5, 15));
  const bool wanted = random.chance(0.5);
  for (;;) {
    const Matrix m = random_graph(random, n, random.uniform() * 2.2 / static_cast<double>(n) + 0.02);
    const auto part = parts(m);
    const auto a = static_cast<size_t>(random.below(static_cast<int64_t>(n))), b = static_cast<size_t>(random.below(static_cast<int64_t>(n)));
    if (a == b || (part[a] == part[b]) != wanted) continue;
    Problem problem{.fields = {{"graph", m}, {"node_1", a}, {"node_2", b}}, .choices = {"yes", "no"}, .answer = wanted ? "yes" : "no"};
    if (random.chance(0.8)) problem.fields["colour"] = one_of({"red", "blue", "green", "gray", "orange", "purple"}, random);
    return {std::move(problem)};
  }
}

RandomProblem random_isomorphism(base::Random& random) {
  const auto n = static_cast<size_t>(random.between(5, 14));
  const bool wanted = random.chance(0.5);
  for (;;) {
    Matrix first = random_graph(random, n, random.uniform() * 3.0 / static_cast<double>(n) + 0.03);
    if (walk_counts(first) == walk_counts(empty(n))) continue;
    Matrix second = first;
    // The hardest "no": one edge moved.
    for (int moves = wanted ? 0 : static_cast<int>(random.between(1, 3)); moves > 0;) {
      const auto pick = [&] { return static_cast<size_t>(random.below(static_cast<int64_t>(n))); };
      const size_t a = pick(), b = pick(), c = pick(), d = pick();
      if (a == b || c == d) continue;
      if (random.chance(0.8)) std::swap(second[a][b], second[c][d]), second[b][a] = second[a][b], second[d][c] = second[c][d];
      else second[a][b] = second[b][a] = 1 - second[a][b];
      --moves;
    }
    // Equal counts almost always mean isomorphic at this size; a "no" must be sure.
    if (!wanted && walk_counts(first) == walk_counts(second)) continue;
    return {Problem{.fields = {{"graph_1", first}, {"graph_2", renumbered(second, random)}}, .choices = {"yes", "no"}, .answer = wanted ? "yes" : "no"}};
  }
}

RandomProblem random_maxflow(base::Random& random) {
  const auto n = static_cast<size_t>(random.between(3, 6));
  Matrix m = empty(n);
  const double share = 0.4 + 0.5 * random.uniform();
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      if (i != j && j != 0 && i != n - 1 && random.chance(i < j ? share : share / 3)) m[i][j] = random.between(1, 9);
  if (max_flow(m, 0, n - 1) == 0) m[0][n - 1] = random.between(1, 9);
  return {Problem{.fields = {{"graph", m}, {"source", 0}, {"sink", n - 1}}, .answer = std::to_string(max_flow(m, 0, n - 1))}};
}

}  // namespace atelier::sketchpad
