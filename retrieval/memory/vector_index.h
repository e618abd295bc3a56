#pragma once
/// The nearest vectors by inner product, in RAM, over FAISS. Never read from an index file of FAISS's: it takes
/// damaged ones for good.
///
/// Exact search up to a size, behind that inverted lists (inverted_index.h); bench/memory_bench.cpp measures both.
/// search() may run in any number of threads; add() and remove() need the index for themselves.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace atelier::retrieval {

/// The best k of each query, by falling similarity, equal ones by rising row; row -1 where there are fewer.
struct Neighbours {
  std::vector<int64_t> rows;        // (queries, k)
  std::vector<float> similarities;  // (queries, k)
};

class VectorIndex {
 public:
  virtual ~VectorIndex() = default;
  /// @param rows     numbers that search() gives back, each once
  /// @param vectors  (rows, dimension) of length 1
  virtual void add(std::span<const int64_t> rows, const float* vectors) = 0;
  virtual void remove(std::span<const int64_t> rows) = 0;
  /// @param queries  (count, dimension)
  virtual Neighbours search(const float* queries, int64_t count, int64_t k) const = 0;
  virtual int64_t size() const = 0;
};

/// Compares with every vector. Vectors lie in chunks that never move, so that growing copies nothing.
class ExactIndex : public VectorIndex {
 public:
  explicit ExactIndex(int64_t dimension) : dimension_(dimension) {}
  void add(std::span<const int64_t> rows, const float* vectors) override;
  void remove(std::span<const int64_t> rows) override;
  Neighbours search(const float* queries, int64_t count, int64_t k) const override;
  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }

  /// The place of a vector among size(); its row is row(place).
  const float* vector(int64_t place) const;
  int64_t row(int64_t place) const { return rows_[static_cast<size_t>(place)]; }

 private:
  static constexpr int64_t kChunk = 16384;  // vectors
  float* slot(int64_t place) const;
  int64_t dimension_;
  std::vector<std::unique_ptr<float[]>> chunks_;
  std::vector<int64_t> rows_;
};

}  // namespace atelier::retrieval
