#include "text/cm3.h"

#include "base/error.h"
#include "base/json.h"
#include "tests/support.h"

#include <algorithm>
#include <numeric>

namespace atelier::text {
namespace {

using base::json;

const SpanSymbols kSymbols{.first_mask = 0, .end_of_document = 99};

// Written from the formula by another program; a token is in its place or not.
TEST(Cm3, RotatesAsRecorded) {
  for (const json& row : base::read_json(std::filesystem::path(ATELIER_TEST_DATA) / "cm3_rotation.json")["rows"]) {
    const auto document = row["tokens"].get<std::vector<TokenId>>();
    std::vector<Span> spans;
    for (const json& span : row["spans"]) spans.push_back({span[0].get<int64_t>(), span[1].get<int64_t>()});
    const Rotated rotated = rotate_spans(document, spans, kSymbols);
    EXPECT_EQ(rotated.tokens, row["rotated"].get<std::vector<TokenId>>());
    EXPECT_EQ(rotated.loss_weight, row["loss_weight"].get<std::vector<float>>());
    EXPECT_EQ(restore_spans(rotated.tokens, kSymbols), document);
  }
}

TEST(Cm3, IsInvertibleAndWeighsOnlyMasksZero) {
  base::Random random(5);
  for (int round = 0; round < 2000; ++round) {
    std::vector<TokenId> document(random.below(40));
    for (TokenId& token : document) token = static_cast<TokenId>(random.between(100, 120));
    const auto spans = draw_spans(static_cast<int64_t>(document.size()), {}, random);
    const Rotated rotated = rotate_spans(document, spans, kSymbols);
    EXPECT_EQ(rotated.tokens.size(), document.size() + 2 * spans.size() + 1);
    for (size_t i = 0; i < rotated.tokens.size(); ++i) {
      EXPECT_EQ(rotated.loss_weight[i], kSymbols.is_mask(rotated.tokens[i]) ? 0 : 1);
    }
    EXPECT_EQ(restore_spans(rotated.tokens, kSymbols), document);
  }
}

TEST(Cm3, DrawnSpansAreOrderedApartAndInsideTheirPart) {
  base::Random random(6);
  const std::vector<int64_t> boundaries = {10, 26};
  std::vector<int64_t> counts(kMaxSpans + 1);
  for (int round = 0; round < 4000; ++round) {
    const auto spans = draw_spans(60, boundaries, random);
    ASSERT_GE(spans.size(), 1u);
    ASSERT_LE(spans.size(), static_cast<size_t>(kMaxSpans));
    ++counts[spans.size()];
    int64_t at = 0;
    for (const Span& span : spans) {
      EXPECT_GE(span.begin, at);
      EXPECT_LT(span.begin, span.end);
      EXPECT_LE(span.end, 60);
      for (const int64_t p : boundaries) EXPECT_FALSE(span.begin < p && p < span.end);
      at = span.end;
    }
  }
  // Clamp(Poisson(1), 1, 16): 1 in 73.6 % (0 and 1 together), 2 in 18.4 %; four standard deviations are 2.8 %.
  EXPECT_NEAR(counts[1] / 4000.0, 0.736, 0.03);
  EXPECT_NEAR(counts[2] / 4000.0, 0.184, 0.03);
  EXPECT_TRUE(draw_spans(0, {}, random).empty());
  EXPECT_EQ(draw_spans(1, {}, random), (std::vector<Span>{{0, 1}}));
}

TEST(Cm3, ReadsWhatAModelDidNotFinish) {
  using Tokens = std::vector<TokenId>;
  EXPECT_EQ(restore_spans(Tokens{107, 0, 108, 1, 109, 0, 105, 106}, kSymbols), (Tokens{107, 105, 106, 108, 109}));
  EXPECT_EQ(restore_spans(Tokens{107, 0, 108}, kSymbols), (Tokens{107, 108}));
  EXPECT_ERROR(restore_spans(Tokens{107, 0, 108, 0, 105, 3, 106}, kSymbols), base::InvalidArgument, "<mask:3>");
}

TEST(Cm3, RefusesSpansThatCannotBe) {
  const std::vector<TokenId> document(10, 100);
  using Spans = std::vector<Span>;
  for (const Spans& spans : {Spans{{3, 3}}, Spans{{-1, 2}}, Spans{{8, 11}}, Spans{{4, 6}, {5, 7}}, Spans{{5, 7}, {1, 2}}}) {
    EXPECT_ERROR(rotate_spans(document, spans, kSymbols), base::InvalidArgument, "masked spans must be");
  }
  EXPECT_ERROR(rotate_spans(std::vector<TokenId>(40, 100), Spans(17, Span{0, 1}), kSymbols), base::InvalidArgument, "16");
}

}  // namespace
}  // namespace atelier::text
