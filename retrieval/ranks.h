#pragma once
/// How well vectors find each other: the figures by which CLIP is judged, in training (retrieval/train) and in `atelier eval`.
#include "base/tensor.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace atelier::retrieval {

/// For each query the place of the first right candidate, from 0; `kept` where none of the first `kept` is right.
/// @param scores (queries, candidates), higher is better
std::vector<int64_t> first_right(const Tensor& scores, int64_t kept, const std::function<bool(int64_t query, int64_t candidate)>& right);

/// Share of ranks that are among the first `few`.
double share_within(std::span<const int64_t> ranks, int64_t few);

/// Ranks of pictures, captions and names. A found picture or caption is right if it is of the same concept.
struct ClipRanks {
  std::vector<int64_t> text_to_picture, picture_to_text;  // of 10; one a picture
  std::vector<int64_t> name;                              // of 5; one a picture whose concept has a name
};

/// @param pictures, captions (n, d) each, row i of both of the same picture; undefined captions: only names are ranked
/// @param names (candidates, d)
/// @param concept_of  of each picture @param name_of  the right candidate for each picture, -1: none
ClipRanks rank(const Tensor& pictures, const Tensor& captions, const Tensor& names, std::span<const int64_t> concept_of, std::span<const int64_t> name_of);

}  // namespace atelier::retrieval
