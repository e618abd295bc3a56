#include "text/sampling.h"

#include "base/error.h"
#include "base/safetensors.h"
#include "tests/support.h"
#include "text/beam_search.h"

#include <cmath>
#include <map>

namespace atelier::text {
namespace {

// transformers' logits processors; the same operations in the same order, so the very same floats.
TEST(Sampling, FiltersEqualHuggingFaces) {
  const base::Safetensors file(std::filesystem::path(ATELIER_TEST_DATA) / "token_filters.safetensors");
  const Tensor logits = file.read("logits"), ids = file.read("ids").to(at::kLong);
  const std::map<std::string, SamplingConfig> cases = {{"temperature_0.7", {.temperature = 0.7}},
                                                       {"top_k_5", {.top_k = 5}},
                                                       {"top_p_0.8", {.top_p = 0.8}},
                                                       {"min_p_0.1", {.min_p = 0.1}},
                                                       {"repetition_1.3", {.repetition_penalty = 1.3}}};
  for (const auto& [name, config] : cases) EXPECT_TRUE(at::equal(filter_logits(logits, ids, config), file.read(name))) << name;
  EXPECT_TRUE(at::equal(filter_logits(logits, ids, {}), logits));
}

TEST(Sampling, AtLeastOneTokenStays) {
  const Tensor logits = at::zeros({1, 8}), ids = at::zeros({1, 1}, at::kLong);
  for (const SamplingConfig& config : {SamplingConfig{.top_k = 1}, SamplingConfig{.top_p = 1e-6}, SamplingConfig{.min_p = 1}}) {
    EXPECT_GE(filter_logits(logits, ids, config).isfinite().sum().item<int64_t>(), 1);
  }
}

TEST(Sampling, DrawsByProbabilityAndSeed) {
  const Tensor logits = at::log(at::tensor({0.5, 0.25, 0.25, 0.0}).to(at::kFloat)), ids = at::zeros({1}, at::kLong);
  std::vector<int64_t> counts(4);
  base::Random random(1);
  for (int i = 0; i < 20000; ++i) ++counts[sample_token(logits, ids, {}, random)];
  EXPECT_NEAR(counts[0] / 20000.0, 0.5, 0.015);  // four standard deviations
  EXPECT_NEAR(counts[1] / 20000.0, 0.25, 0.015);
  EXPECT_EQ(counts[3], 0);
  base::Random a(9), b(9);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(sample_token(logits, ids, {}, a), sample_token(logits, ids, {}, b));
  EXPECT_EQ(sample_token(logits, ids, {.temperature = 0}, a), 0);
  EXPECT_EQ(sample_token(logits, ids, {.temperature = 0, .repetition_penalty = 100}, a), 1);  // token 0 has been there
  EXPECT_ERROR(sample_token(at::full({4}, std::nan("")), ids, {}, a), base::ResourceError, "finite");
}

TEST(Sampling, BansRepeatedNgrams) {
  const Tensor ids = at::tensor({1, 2, 3, 1, 2}, at::kLong).unsqueeze(0), logits = at::zeros({1, 5});
  const auto banned = [&](int64_t n) { return ban_repeated_ngrams(logits, ids, n)[0].isinf().nonzero().flatten(); };
  EXPECT_TRUE(at::equal(banned(3), at::tensor({3}, at::kLong)));
  EXPECT_TRUE(at::equal(banned(2), at::tensor({3}, at::kLong)));
  EXPECT_TRUE(at::equal(banned(1), at::tensor({1, 2, 3}, at::kLong)));
  EXPECT_EQ(banned(0).numel(), 0);
  EXPECT_EQ(banned(4).numel(), 0);
}

/// A language model of two letters and an end whose probabilities depend on the last token only.
Tensor toy(const Tensor& sequences, const Tensor&) {
  const Tensor table = at::log(at::tensor({0.6, 0.4, 1e-9, 0.05, 0.05, 0.9, 0.3, 0.3, 0.4}).to(at::kFloat).view({3, 3}));
  return table.index_select(0, sequences.select(1, -1));
}

// Greedy takes 0 0 0…; the sequence 1 2 (end) is more probable as a whole.
TEST(BeamSearch, FindsWhatGreedyMisses) {
  BeamConfig config{.num_beams = 3, .max_new_tokens = 4, .length_penalty = 0, .eos = 2};
  const auto beams = beam_search({0}, toy, config);
  ASSERT_EQ(beams.size(), 3u);
  EXPECT_EQ(beams[0].tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_NEAR(beams[0].score, std::log(0.4 * 0.9), 1e-5);
  EXPECT_GE(beams[0].score, beams[1].score);
  config.num_beams = 1;
  EXPECT_EQ(beam_search({0}, toy, config)[0].tokens, (std::vector<TokenId>{0, 0, 0, 0}));
}

// As wide as all sequences: must equal trying them all.
TEST(BeamSearch, WideEnoughIsExhaustive) {
  const BeamConfig config{.num_beams = 40, .max_new_tokens = 3, .length_penalty = 1, .eos = 2};
  double best = -1e9;
  const Tensor table = toy(at::arange(3).unsqueeze(1), {});
  const auto walk = [&](const auto& self, int64_t last, double score, int64_t length) -> void {
    if (length > 0 && (last == 2 || length == 3)) {
      best = std::max(best, score / static_cast<double>(length));
      return;
    }
    for (int64_t next = 0; next < 3; ++next) self(self, next, score + table[last][next].item<float>(), length + 1);
  };
  walk(walk, 0, 0, 0);
  EXPECT_NEAR(beam_search({0}, toy, config)[0].score, best, 1e-5);
}

TEST(BeamSearch, ParentsNameTheRowThatWasExtended) {
  Tensor before;
  const auto watching = [&](const Tensor& sequences, const Tensor& parents) {
    if (parents.defined()) {
      EXPECT_TRUE(at::equal(before.index_select(0, parents), sequences.slice(1, 0, -1)));
    } else {
      EXPECT_EQ(sequences.size(0), 1);
    }
    before = sequences;
    return toy(sequences, parents);
  };
  beam_search({0, 1}, watching, {.num_beams = 3, .max_new_tokens = 5});
  EXPECT_ERROR(beam_search({}, toy, {}), base::InvalidArgument, "prompt");
  EXPECT_ERROR(beam_search({0}, toy, {.num_beams = 0}), base::InvalidArgument, "num_beams");
}

}  // namespace
}  // namespace atelier::text
