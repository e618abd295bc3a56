#include "apps/neighbours.h"

#include "base/progress.h"
#include "retrieval/retriever.h"

#include <algorithm>

namespace atelier::apps {

using retrieval::Content;

namespace {

constexpr int64_t kPatchesASide = 8;    // what CLIP and the generator see of a picture
constexpr int64_t kCandidates = 64;     // of the ranked list, before the rules: enough for two that differ
constexpr int64_t kQueriesAtOnce = 512;

}  // namespace

void Neighbours::add(const std::vector<vision::Image>& pictures, const std::vector<std::vector<std::string>>& captions,
                     const std::vector<bool>& is_document) {
  const auto n = static_cast<int64_t>(pictures.size());
  std::vector<std::string> texts;                 // first captions of documents, then queries
  std::vector<vision::Image> images;
  std::vector<std::pair<bool, int64_t>> queries;  // whether it is a text, and its place among those
  for (int64_t i = 0; i < n; ++i) {
    if (!is_document[i]) continue;
    texts.push_back(captions[i].front());
    images.push_back(pictures[i]);
    document_rows_.push_back(rows_ + i);
  }
  const auto documents = static_cast<int64_t>(texts.size());
  for (int64_t i = 0; i < n; ++i) {
    base::Random random(seed_, 7, static_cast<uint64_t>(rows_ + i));
    for (int64_t list = 0; list < kLists; ++list) {
      const bool by_text = random.chance(0.5);
      queries.emplace_back(by_text, static_cast<int64_t>(by_text ? texts.size() : images.size()));
      if (by_text) {
        const auto& caption = captions[i][random.below(static_cast<int64_t>(captions[i].size()))];
        texts.push_back(retrieval::drop_words(caption, retrieval::kQueryDropout, random));
      } else {
        images.push_back(retrieval::drop_patches(pictures[i], kPatchesASide, retrieval::kQueryDropout, random));
      }
    }
  }
  const Tensor text_vectors = embedder_.embed_texts(texts), picture_vectors = embedder_.embed_pictures(images);
  if (documents > 0) documents_.push_back(retrieval::mixed_modal(text_vectors.narrow(0, 0, documents), picture_vectors.narrow(0, 0, documents)));
  std::vector<Tensor> vectors;
  for (const auto& [by_text, place] : queries) vectors.push_back((by_text ? text_vectors : picture_vectors)[place]);
  queries_.push_back(at::stack(vectors).view({n, kLists, -1}));
  rows_ += n;
}

Tensor Neighbours::find() const {
  const Tensor documents = at::cat(documents_);                 // (documents, d)
  const Tensor queries = at::cat(queries_).flatten(0, 1);       // (rows * lists, d)
  const auto* vectors = documents.const_data_ptr<float>();
  const int64_t d = documents.size(1), candidates = std::min(kCandidates, documents.size(0));
  Tensor result = at::full({rows_ * kLists, kDocuments}, -1, at::kInt);
  base::Progress progress("neighbours", queries.size(0), "queries");
  for (int64_t begin = 0; begin < queries.size(0); begin += kQueriesAtOnce) {
    base::throw_if_cancelled();
    const Tensor some = queries.narrow(0, begin, std::min(kQueriesAtOnce, queries.size(0) - begin));
    const auto [similarity, index] = at::matmul(some, documents.t()).topk(candidates, 1);
    for (int64_t q = 0; q < some.size(0); ++q) {
      const int64_t row = (begin + q) / kLists;
      retrieval::Selection selection({.count = kDocuments});
      int64_t chosen = 0;
      for (int64_t k = 0; k < candidates && !selection.full(); ++k) {
        const int64_t document = index[q].const_data_ptr<int64_t>()[k];
        if (document_rows_[document] == row) continue;
        if (selection.offer(similarity[q].const_data_ptr<float>()[k], Content::both, {vectors + document * d, static_cast<size_t>(d)}))
          result.data_ptr<int32_t>()[(begin + q) * kDocuments + chosen++] = static_cast<int32_t>(document_rows_[document]);
      }
    }
    progress.set(begin + some.size(0));
  }
  return result.view({rows_, kLists, kDocuments});
}

}  // namespace atelier::apps
