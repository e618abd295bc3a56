#pragma once
/// Which training pictures stand before which picture in training: RA-CM3's retriever over a pack.
#include "base/random.h"
#include "retrieval/embedder.h"

#include <string>
#include <vector>

namespace atelier::apps {

class Neighbours {
 public:
  static constexpr int64_t kLists = 3, kDocuments = 2;

  /// @param embedder  not owned
  Neighbours(const retrieval::Embedder& embedder, uint64_t seed) : embedder_(embedder), seed_(seed) {}

  /// The next rows of the pack. @param is_document  a row that others may find (training pictures)
  void add(const std::vector<vision::Image>& pictures, const std::vector<std::vector<std::string>>& captions,
           const std::vector<bool>& is_document);

  /// For each row kLists lists of kDocuments rows, best first, by queries with a caption or the picture, 20 % of either
  /// left out; never the row itself; -1 where the rules leave fewer.
  /// @return (rows, kLists, kDocuments) int32
  Tensor find() const;

 private:
  const retrieval::Embedder& embedder_;
  uint64_t seed_;
  std::vector<Tensor> queries_;    // (some rows, kLists, d) each
  std::vector<Tensor> documents_;  // (some documents, d) each
  std::vector<int64_t> document_rows_;
  int64_t rows_ = 0;
};

}  // namespace atelier::apps
