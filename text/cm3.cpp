#include "text/cm3.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace atelier::text {
namespace {

constexpr int kAttempts = 64;  // at drawing a span that fits

/// Knuth's product of uniforms; the mean is 1.
int64_t poisson(base::Random& random) {
  const double limit = std::exp(-1.0);
  int64_t k = 0;
  for (double product = random.uniform(); product > limit; product *= random.uniform()) ++k;
  return k;
}

}  // namespace

SpanSymbols SpanSymbols::of(const Tokenizer& tokenizer) {
  const SpanSymbols symbols{tokenizer.id("<mask:0>"), tokenizer.id("<eos>")};
  for (int64_t k = 0; k < kMaxSpans; ++k) {
    REQUIRE(tokenizer.id(fmt::format("<mask:{}>", k)) == symbols.first_mask + k, "the ids of <mask:0> to <mask:{}> must be "
            "consecutive", kMaxSpans - 1);
  }
  return symbols;
}

std::vector<Span> draw_spans(int64_t length, std::span<const int64_t> boundaries, base::Random& random) {
  std::vector<Span> spans;
  if (length == 0) return spans;
  const int64_t count = std::clamp<int64_t>(poisson(random), 1, kMaxSpans);
  for (int attempt = 0; attempt < kAttempts && static_cast<int64_t>(spans.size()) < count; ++attempt) {
    const int64_t a = random.below(length + 1), b = random.below(length + 1);
    const Span span{std::min(a, b), std::max(a, b)};
    const bool fits =
        span.begin < span.end &&
        std::none_of(spans.begin(), spans.end(), [&](const Span& s) { return span.begin < s.end && s.begin < span.end; }) &&
        std::none_of(boundaries.begin(), boundaries.end(), [&](int64_t p) { return span.begin < p && p < span.end; });
    if (fits) spans.push_back(span);
  }
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  return spans;
}

Rotated rotate_spans(std::span<const TokenId> document, std::span<const Span> spans, const SpanSymbols& symbols) {
  const auto size = static_cast<int64_t>(document.size());
  REQUIRE(static_cast<int64_t>(spans.size()) <= kMaxSpans, "a document may have {} masked spans, not {}", kMaxSpans, spans.size());
  Rotated rotated;
  const auto put = [&](TokenId id, float weight) {
    rotated.tokens.push_back(id);
    rotated.loss_weight.push_back(weight);
  };
  const auto copy = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(document[i], 1);
  };
  int64_t at = 0;
  for (size_t k = 0; k < spans.size(); ++k) {
    REQUIRE(spans[k].begin >= at && spans[k].begin < spans[k].end && spans[k].end <= size,
            "masked spans must be ordered, not empty, and inside the document of {} tokens", size);
    copy(at, spans[k].begin);
    put(symbols.first_mask + static_cast<TokenId>(k), 0);
    at = spans[k].end;
  }
  copy(at, size);
  for (size_t k = 0; k < spans.size(); ++k) {
    put(symbols.first_mask + static_cast<TokenId>(k), 0);
    copy(spans[k].begin, spans[k].end);
  }
  put(symbols.end_of_document, 1);
  return rotated;
}

std::vector<TokenId> restore_spans(std::span<const TokenId> rotated, const SpanSymbols& symbols) {
  std::array<bool, kMaxSpans> masked{};
  std::array<std::vector<TokenId>, kMaxSpans> filling;
  const auto end = std::find(rotated.begin(), rotated.end(), symbols.end_of_document);
  // The fillings begin where a mask comes for the second time.
  auto tail = rotated.begin();
  for (; tail != end; ++tail) {
    if (!symbols.is_mask(*tail)) continue;
    bool& seen = masked[*tail - symbols.first_mask];
    if (seen) break;
    seen = true;
  }
  std::vector<TokenId>* open = nullptr;
  for (auto it = tail; it != end; ++it) {
    if (symbols.is_mask(*it)) {
      const int64_t k = *it - symbols.first_mask;
      REQUIRE(masked[k], "<mask:{}> is filled but stands nowhere in the document", k);
      open = &filling[k];
    } else {
      open->push_back(*it);
    }
  }
  std::vector<TokenId> document;
  for (auto it = rotated.begin(); it != tail; ++it) {
    if (symbols.is_mask(*it)) {
      const auto& tokens = filling[*it - symbols.first_mask];
      document.insert(document.end(), tokens.begin(), tokens.end());
    } else {
      document.push_back(*it);
    }
  }
  return document;
}

}  // namespace atelier::text
