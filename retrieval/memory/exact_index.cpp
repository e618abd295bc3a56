#include "retrieval/memory/vector_index.h"

#include <faiss/utils/distances.h>

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <unordered_set>

namespace atelier::retrieval {
namespace {

// From here on FAISS multiplies matrices and is parallel by itself; below, it takes one thread a query.
constexpr int64_t kManyQueries = 20;

}  // namespace

float* ExactIndex::slot(int64_t place) const { return chunks_[place / kChunk].get() + place % kChunk * dimension_; }
const float* ExactIndex::vector(int64_t place) const { return slot(place); }

void ExactIndex::add(std::span<const int64_t> rows, const float* vectors) {
  const int64_t count = static_cast<int64_t>(rows.size());
  for (int64_t done = 0; done < count;) {
    const int64_t place = size();
    if (place == static_cast<int64_t>(chunks_.size()) * kChunk)
      chunks_.push_back(std::make_unique_for_overwrite<float[]>(static_cast<size_t>(kChunk * dimension_)));
    const int64_t fits = std::min(count - done, kChunk - place % kChunk);
    rows_.insert(rows_.end(), rows.begin() + done, rows.begin() + done + fits);
    std::memcpy(slot(place), vectors + done * dimension_, static_cast<size_t>(fits * dimension_) * sizeof(float));
    done += fits;
  }
}

void ExactIndex::remove(std::span<const int64_t> rows) {
  const std::unordered_set<int64_t> gone(rows.begin(), rows.end());
  for (int64_t place = 0; place < size();) {
    if (!gone.contains(rows_[place])) {
      ++place;
      continue;
    }
    // The last one takes its place: order means nothing here.
    const int64_t last = size() - 1;
    if (place != last) std::memcpy(slot(place), slot(last), static_cast<size_t>(dimension_) * sizeof(float));
    rows_[place] = rows_[last];
    rows_.pop_back();
  }
  while (static_cast<int64_t>(chunks_.size()) * kChunk >= size() + kChunk) chunks_.pop_back();
}

Neighbours ExactIndex::search(const float* queries, int64_t count, int64_t k) const {
  Neighbours best = {std::vector<int64_t>(count * k, -1), std::vector<float>(count * k, -FLT_MAX)};
  const int64_t chunks = (size() + kChunk - 1) / kChunk;
  if (chunks == 0 || k == 0) return best;
  std::vector<int64_t> places(chunks * count * k);  // (chunks, count, k), within the chunk
  std::vector<float> similarities(places.size());
#pragma omp parallel for schedule(dynamic) if (count < kManyQueries && chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t rows = std::min(kChunk, size() - chunk * kChunk);
    faiss::knn_inner_product(queries, chunks_[chunk].get(), dimension_, count, rows, k, similarities.data() + chunk * count * k,
                             places.data() + chunk * count * k);
  }

  std::vector<std::pair<float, int64_t>> candidates;  // -similarity, row: the smallest are the best
  for (int64_t query = 0; query < count; ++query) {
    candidates.clear();
    for (int64_t chunk = 0; chunk < chunks; ++chunk)
      for (int64_t i = (chunk * count + query) * k, end = i + k; i < end; ++i)
        if (places[i] >= 0) candidates.emplace_back(-similarities[i], rows_[chunk * kChunk + places[i]]);
    const int64_t found = std::min(k, static_cast<int64_t>(candidates.size()));
    std::partial_sort(candidates.begin(), candidates.begin() + found, candidates.end());
    for (int64_t i = 0; i < found; ++i) {
      best.rows[query * k + i] = candidates[i].second;
      best.similarities[query * k + i] = -candidates[i].first;
    }
  }
  return best;
}

}  // namespace atelier::retrieval
