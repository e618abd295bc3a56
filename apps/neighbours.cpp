#include "apps/neighbours.h"

#include "base/progress.h"
#include "retrieval/retriever.h"

#include <algorithm>
#include <map>

namespace atelier::apps {

namespace {

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
      auto query = retrieval::training_query(captions[i], pictures[i], random);
      const bool by_text = std::holds_alternative<std::string>(query);
      queries.emplace_back(by_text, static_cast<int64_t>(by_text ? texts.size() : images.size()));
      if (by_text) texts.push_back(std::get<std::string>(std::move(query)));
      else images.push_back(std::get<vision::Image>(std::move(query)));
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
  const retrieval::Retriever retriever(at::cat(documents_), std::vector(document_rows_.size(), retrieval::Content::both));
  const Tensor queries = at::cat(queries_).flatten(0, 1);  // (rows * lists, d)
  std::map<int64_t, int64_t> document_of;                  // by row
  for (size_t document = 0; document < document_rows_.size(); ++document) document_of[document_rows_[document]] = static_cast<int64_t>(document);
  Tensor result = at::full({rows_ * kLists, kDocuments}, -1, at::kInt);
  base::Progress progress("neighbours", queries.size(0), "queries");
  for (int64_t begin = 0; begin < queries.size(0); begin += kQueriesAtOnce) {
    base::throw_if_cancelled();
    const Tensor some = queries.narrow(0, begin, std::min(kQueriesAtOnce, queries.size(0) - begin));
    std::vector<int64_t> own;
    for (int64_t q = begin; q < begin + some.size(0); ++q) {
      const auto found = document_of.find(q / kLists);
      own.push_back(found == document_of.end() ? -1 : found->second);
    }
    auto* out = result.data_ptr<int32_t>() + begin * kDocuments;
    for (const auto& picks : retriever.retrieve(some, {.count = kDocuments}, own, kCandidates)) {
      for (size_t k = 0; k < picks.size(); ++k) out[k] = static_cast<int32_t>(document_rows_[picks[k].document]);
      out += kDocuments;
    }
    progress.set(begin + some.size(0));
  }
  return result.view({rows_, kLists, kDocuments});
}

}  // namespace atelier::apps
