#pragma once
/// CM3's masked-span transform: spans of a document move to its end, so that a causal model learns to fill gaps.
///
///   a <mask:0> apple <mask:0> red <eos>        from        a red apple <eos>
///
/// Nothing hints at a span's length: giving hints was found to hurt.
#include "base/random.h"
#include "text/tokenizer.h"

#include <span>

namespace atelier::text {

/// Tokens [begin, end) of a document, not empty.
struct Span {
  int64_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

constexpr int64_t kMaxSpans = 16;

/// Which ids mark masks and ends: <mask:k> is first_mask + k.
struct SpanSymbols {
  TokenId first_mask;
  TokenId end_of_document;
  /// @throws InvalidArgument if the vocabulary lacks them or the masks' ids are not consecutive
  static SpanSymbols of(const Tokenizer& tokenizer);
  bool is_mask(TokenId id) const { return id >= first_mask && id < first_mask + kMaxSpans; }
};

struct Rotated {
  std::vector<TokenId> tokens;
  std::vector<float> loss_weight;  // of predicting tokens[i]: 0 at masks, 1 elsewhere
};

/// Clamp(Poisson(1), 1, 16) spans with both ends uniform, ordered, without intersections; fewer where no room is left,
/// none in an empty document.
/// @param boundaries   positions that no span may reach across (a picture's edges)
std::vector<Span> draw_spans(int64_t length, std::span<const int64_t> boundaries, base::Random& random);

/// Puts <mask:k> in the k-th span's place, and <mask:k> and the span's tokens behind the document, for all k; ends it.
/// @param spans   ordered, not intersecting, at most kMaxSpans, inside the document @throws InvalidArgument
Rotated rotate_spans(std::span<const TokenId> document, std::span<const Span> spans, const SpanSymbols& symbols);

/// The inverse: the document without its end. A mask whose filling is missing stays empty, so that it also reads
/// what a model wrote and did not finish. @throws InvalidArgument if a filling belongs to no mask
std::vector<TokenId> restore_spans(std::span<const TokenId> rotated, const SpanSymbols& symbols);

}  // namespace atelier::text
