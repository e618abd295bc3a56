#include "retrieval/ranks.h"

#include "base/error.h"

#include <algorithm>

namespace atelier::retrieval {

std::vector<int64_t> first_right(const Tensor& scores, int64_t kept, const std::function<bool(int64_t, int64_t)>& right) {
  const int64_t n = scores.size(0), looked = std::min(kept, scores.size(1));
  const Tensor best = std::get<1>(scores.topk(looked, 1)).contiguous();  // (queries, looked)
  const auto* found = best.const_data_ptr<int64_t>();
  std::vector<int64_t> ranks(static_cast<size_t>(n), kept);
  for (int64_t q = 0; q < n; ++q)
    for (int64_t place = 0; place < looked; ++place)
      if (right(q, found[q * looked + place])) {
        ranks[static_cast<size_t>(q)] = place;
        break;
      }
  return ranks;
}

double share_within(std::span<const int64_t> ranks, int64_t few) {
  if (ranks.empty()) return 0;
  return static_cast<double>(std::count_if(ranks.begin(), ranks.end(), [&](int64_t rank) { return rank < few; })) / static_cast<double>(ranks.size());
}

ClipRanks rank(const Tensor& pictures, const Tensor& captions, const Tensor& names, std::span<const int64_t> concept_of, std::span<const int64_t> name_of) {
  ASSERT(static_cast<size_t>(pictures.size(0)) == concept_of.size() && concept_of.size() == name_of.size());
  ClipRanks ranks;
  const auto same = [&](int64_t a, int64_t b) { return concept_of[static_cast<size_t>(a)] == concept_of[static_cast<size_t>(b)]; };
  if (captions.defined()) {
    ranks.text_to_picture = first_right(captions.matmul(pictures.t()), 10, same);
    ranks.picture_to_text = first_right(pictures.matmul(captions.t()), 10, same);
  }
  std::vector<int64_t> named;
  for (size_t i = 0; i < name_of.size(); ++i)
    if (name_of[i] >= 0) named.push_back(static_cast<int64_t>(i));
  if (!named.empty())
    ranks.name = first_right(pictures.index_select(0, at::tensor(named, at::kLong)).matmul(names.t()), 5,
                             [&](int64_t q, int64_t candidate) { return name_of[static_cast<size_t>(named[static_cast<size_t>(q)])] == candidate; });
  return ranks;
}

}  // namespace atelier::retrieval
