#pragma once
/// Inverted lists: vectors are filed under the nearest of some centroids, and a query looks at the nearest few lists
/// alone. What took time, the centroids and each row's list, is kept in a checksummed file of ours, the plan; the
/// index itself is made from the plan and the vector file whenever a memory is opened.
#include "retrieval/memory/vector_file.h"
#include "retrieval/memory/vector_index.h"

#include <optional>

namespace faiss {
struct IndexFlatIP;
struct IndexIVFFlat;
}  // namespace faiss

namespace atelier::retrieval {

struct InvertedPlan {
  int64_t dimension = 0, lists = 0;
  int64_t probes = 0;               // lists that a query looks at
  double recall = 0;                // of the ten best, measured with these probes
  int64_t rows = 0;                 // rows of the vector file that `list_of` speaks of
  uint32_t fingerprint = 0;         // of these rows: VectorFile::fingerprint
  std::vector<float> centroids;     // (lists, dimension)
  std::vector<uint32_t> list_of;    // (rows)

  /// Atomic. @throws ResourceError
  void write(const std::filesystem::path& path) const;
  /// Nothing if there is no file or it is damaged: a plan can be made again at any time.
  static std::optional<InvertedPlan> read(const std::filesystem::path& path);
};

class InvertedIndex : public VectorIndex {
 public:
  /// Without vectors.
  explicit InvertedIndex(const InvertedPlan& plan);
  ~InvertedIndex() override;

  void add(std::span<const int64_t> rows, const float* vectors) override;
  /// With the lists already known.
  void add(std::span<const int64_t> rows, const float* vectors, std::span<const uint32_t> lists);
  void remove(std::span<const int64_t> rows) override;
  Neighbours search(const float* queries, int64_t count, int64_t k) const override;
  /// @param probes  in place of those set
  Neighbours search(const float* queries, int64_t count, int64_t k, int64_t probes) const;
  int64_t size() const override;
  void set_probes(int64_t probes) { probes_ = probes; }

 private:
  std::unique_ptr<faiss::IndexFlatIP> centroids_;
  std::unique_ptr<faiss::IndexIVFFlat> index_;
  int64_t probes_;
};

struct InvertedResult {
  InvertedPlan plan;
  std::unique_ptr<InvertedIndex> index;
};

/// Chooses 2 sqrt(n) lists (spherical k-means on a sample), files every vector of `exact`, and takes the fewest probes
/// (a power of two) whose recall@10 reaches `recall`. The queries it measures with lie halfway between a document and
/// a random direction: a text lies no nearer to the document it describes.
/// @param file  plan.rows and plan.fingerprint are of what it holds now; exact's rows are its rows
/// @return nothing where that would take more than a quarter of the lists, which is no gain over exact search
std::optional<InvertedResult> build_inverted(const ExactIndex& exact, const VectorFile& file, double recall);

}  // namespace atelier::retrieval
