#include "retrieval/memory/inverted_index.h"

#include "base/error.h"
#include "base/random.h"
#include "retrieval/memory/checksum.h"

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

namespace atelier::retrieval {
namespace {

constexpr char kMagic[8] = {'A', 'T', 'E', 'L', 'I', 'V', 'F', '1'};
constexpr int64_t kSamplesPerList = 64, kIterations = 8, kRecallAt = 10, kQueries = 256, kAddedAtOnce = 16384;

struct PlanHeader {
  char magic[8];
  int64_t dimension, lists, probes, rows;
  double recall;
  uint32_t fingerprint, checksum;  // of all other fields and what follows
};

uint32_t plan_checksum(PlanHeader header, const std::vector<float>& centroids, const std::vector<uint32_t>& list_of) {
  header.checksum = 0;
  const uint32_t sum = crc32c(centroids.data(), centroids.size() * 4, crc32c(&header, sizeof header));
  return crc32c(list_of.data(), list_of.size() * 4, sum);
}

// `count` different places of 0..size-1, the same for the same size.
std::vector<int64_t> sample(int64_t size, int64_t count, uint64_t seed) {
  std::vector<int64_t> places(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) places[i] = i;
  base::Random random(seed);
  for (int64_t i = 0; i < count; ++i) std::swap(places[i], places[random.between(i, size - 1)]);
  places.resize(static_cast<size_t>(count));
  return places;
}

std::vector<float> train_centroids(const ExactIndex& exact, int64_t dimension, int64_t lists) {
  const int64_t count = std::min(exact.size(), lists * kSamplesPerList);
  std::vector<float> training(static_cast<size_t>(count * dimension));
  int64_t next = 0;
  for (const int64_t place : sample(exact.size(), count, 1))
    std::memcpy(training.data() + next++ * dimension, exact.vector(place), static_cast<size_t>(dimension) * 4);
  faiss::ClusteringParameters parameters;
  parameters.spherical = true;
  parameters.niter = kIterations;
  parameters.min_points_per_centroid = 1;  // or it warns on stderr
  parameters.max_points_per_centroid = kSamplesPerList;
  faiss::Clustering clustering(static_cast<int>(dimension), static_cast<int>(lists), parameters);
  faiss::IndexFlatIP assigner(dimension);
  clustering.train(count, training.data(), assigner);
  return clustering.centroids;
}

std::vector<float> make_queries(const ExactIndex& exact, int64_t dimension, int64_t count) {
  std::vector<float> queries;
  base::Random random(2);
  std::vector<double> noise(static_cast<size_t>(dimension));
  for (const int64_t place : sample(exact.size(), count, 3)) {
    double length = 0;
    for (double& x : noise) x = random.normal(), length += x * x;
    for (int64_t i = 0; i < dimension; ++i)
      queries.push_back(static_cast<float>((exact.vector(place)[i] + noise[i] / std::sqrt(length)) / std::sqrt(2.0)));
  }
  return queries;
}

double overlap(const Neighbours& a, const Neighbours& b, int64_t count) {
  int64_t common = 0, all = 0;
  for (int64_t q = 0; q < count; ++q) {
    const auto first = b.rows.begin() + q * kRecallAt;
    for (int64_t i = 0; i < kRecallAt; ++i) {
      const int64_t row = a.rows[q * kRecallAt + i];
      if (row < 0) continue;
      ++all;
      common += std::find(first, first + kRecallAt, row) != first + kRecallAt;
    }
  }
  return all == 0 ? 1 : static_cast<double>(common) / static_cast<double>(all);
}

}  // namespace

void InvertedPlan::write(const std::filesystem::path& path) const {
  PlanHeader header = {{}, dimension, lists, probes, rows, recall, fingerprint, 0};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.checksum = plan_checksum(header, centroids, list_of);
  base::write_file(path, [&](int fd) {
    base::write_all(fd, &header, sizeof header);
    base::write_all(fd, centroids.data(), centroids.size() * 4);
    base::write_all(fd, list_of.data(), list_of.size() * 4);
  });
}

std::optional<InvertedPlan> InvertedPlan::read(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  try {
    const base::InputFile file(path);
    PlanHeader header;
    file.read(&header, sizeof header, 0);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return std::nullopt;
    const int64_t room = file.size() / 4;
    if (header.dimension < 1 || header.dimension > room || header.lists < 1 || header.lists > room || header.rows < 0 ||
        header.rows > room || header.probes < 1 || header.probes > header.lists || header.lists > room / header.dimension ||
        file.size() != static_cast<int64_t>(sizeof header) + 4 * (header.lists * header.dimension + header.rows))
      return std::nullopt;
    InvertedPlan plan = {header.dimension, header.lists, header.probes, header.recall, header.rows, header.fingerprint, {}, {}};
    plan.centroids.resize(static_cast<size_t>(header.lists * header.dimension));
    plan.list_of.resize(static_cast<size_t>(header.rows));
    const int64_t bytes = static_cast<int64_t>(plan.centroids.size()) * 4;
    file.read(plan.centroids.data(), bytes, sizeof header);
    file.read(plan.list_of.data(), header.rows * 4, static_cast<int64_t>(sizeof header) + bytes);
    if (header.checksum != plan_checksum(header, plan.centroids, plan.list_of)) return std::nullopt;
    if (std::any_of(plan.list_of.begin(), plan.list_of.end(), [&](uint32_t list) { return list >= plan.lists; })) return std::nullopt;
    return plan;
  } catch (const base::InvalidFile&) {
    return std::nullopt;
  }
}

InvertedIndex::InvertedIndex(const InvertedPlan& plan)
    : centroids_(std::make_unique<faiss::IndexFlatIP>(plan.dimension)), probes_(plan.probes) {
  centroids_->add(plan.lists, plan.centroids.data());
  index_ = std::make_unique<faiss::IndexIVFFlat>(centroids_.get(), plan.dimension, plan.lists, faiss::METRIC_INNER_PRODUCT);
}

InvertedIndex::~InvertedIndex() = default;

void InvertedIndex::add(std::span<const int64_t> rows, const float* vectors) {
  index_->add_with_ids(static_cast<int64_t>(rows.size()), vectors, rows.data());
}

void InvertedIndex::add(std::span<const int64_t> rows, const float* vectors, std::span<const uint32_t> lists) {
  const std::vector<int64_t> wide(lists.begin(), lists.end());
  index_->add_core(static_cast<int64_t>(rows.size()), vectors, rows.data(), wide.data());
}

void InvertedIndex::remove(std::span<const int64_t> rows) { index_->remove_ids(faiss::IDSelectorBatch(rows.size(), rows.data())); }

Neighbours InvertedIndex::search(const float* queries, int64_t count, int64_t k) const { return search(queries, count, k, probes_); }

Neighbours InvertedIndex::search(const float* queries, int64_t count, int64_t k, int64_t probes) const {
  Neighbours best = {std::vector<int64_t>(count * k, -1), std::vector<float>(count * k, -FLT_MAX)};
  if (k == 0 || count == 0) return best;
  faiss::SearchParametersIVF parameters;
  parameters.nprobe = static_cast<size_t>(probes);
  index_->search(count, queries, k, best.similarities.data(), best.rows.data(), &parameters);
  // FAISS leaves the order of equal ones open.
  std::vector<std::pair<float, int64_t>> sorted;
  for (int64_t q = 0; q < count; ++q) {
    sorted.clear();
    for (int64_t i = q * k; i < (q + 1) * k && best.rows[i] >= 0; ++i) sorted.emplace_back(-best.similarities[i], best.rows[i]);
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i) {
      best.similarities[q * k + static_cast<int64_t>(i)] = -sorted[i].first;
      best.rows[q * k + static_cast<int64_t>(i)] = sorted[i].second;
    }
  }
  return best;
}

int64_t InvertedIndex::size() const { return index_->ntotal; }

std::optional<InvertedResult> build_inverted(const ExactIndex& exact, const VectorFile& file, double recall) {
  const int64_t d = file.dimension(), size = exact.size();
  ASSERT(size >= 1);
  InvertedPlan plan;
  plan.dimension = d;
  plan.lists = std::clamp<int64_t>(std::llround(2 * std::sqrt(static_cast<double>(size))), 1, size);
  plan.probes = 1;
  plan.rows = file.extent().rows;
  plan.fingerprint = file.fingerprint(plan.rows);
  plan.centroids = train_centroids(exact, d, plan.lists);
  plan.list_of.assign(static_cast<size_t>(plan.rows), 0);

  auto index = std::make_unique<InvertedIndex>(plan);
  faiss::IndexFlatIP centroids(d);
  centroids.add(plan.lists, plan.centroids.data());
  std::vector<int64_t> rows, lists;
  std::vector<float> vectors;
  for (int64_t done = 0; done < size;) {
    const int64_t count = std::min(kAddedAtOnce, size - done);
    rows.resize(static_cast<size_t>(count));
    lists.resize(static_cast<size_t>(count));
    vectors.resize(static_cast<size_t>(count * d));
    for (int64_t i = 0; i < count; ++i) {
      rows[i] = exact.row(done + i);
      std::memcpy(vectors.data() + i * d, exact.vector(done + i), static_cast<size_t>(d) * 4);
    }
    centroids.assign(count, vectors.data(), lists.data());
    std::vector<uint32_t> narrow(lists.begin(), lists.end());
    for (int64_t i = 0; i < count; ++i) plan.list_of[rows[i]] = narrow[i];
    index->add(rows, vectors.data(), narrow);
    done += count;
  }

  const int64_t count = std::min(kQueries, size);
  const std::vector<float> queries = make_queries(exact, d, count);
  const Neighbours truth = exact.search(queries.data(), count, kRecallAt);
  for (plan.probes = 1; plan.probes * 4 <= plan.lists; plan.probes *= 2) {
    plan.recall = overlap(truth, index->search(queries.data(), count, kRecallAt, plan.probes), count);
    if (plan.recall < recall) continue;
    index->set_probes(plan.probes);
    return InvertedResult{std::move(plan), std::move(index)};
  }
  return std::nullopt;
}

}  // namespace atelier::retrieval
