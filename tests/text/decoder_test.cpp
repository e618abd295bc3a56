/// The decoder and what runs over it, against Hugging Face's Llama and Qwen2. fp32; 1e-4 is the fixtures' own tolerance.
#include "base/error.h"
#include "base/safetensors.h"
#include "tests/support.h"
#include "text/beam_search.h"
#include "text/generate.h"

namespace atelier::text {
namespace {


std::vector<TokenId> ids_of(const Tensor& row) {
  const Tensor ids = row.to(at::kInt).contiguous();
  return {ids.const_data_ptr<int32_t>(), ids.const_data_ptr<int32_t>() + ids.numel()};
}

class Decoder : public testing::TestWithParam<const char*> {
 protected:
  const TextModel model_ = TextModel::load(kData / GetParam());
  const base::Safetensors expected_{kData / fmt::format("{}_expected.safetensors", GetParam())};
  const Tensor ids_ = expected_.read("input_ids").to(at::kLong);  // (2, 100)
};

TEST_P(Decoder, LogitsEqualHuggingFaces) {
  const at::NoGradGuard no_gradient;
  KvCache cache;
  const Tensor logits = model_.logits(model_.forward(ids_, cache));
  EXPECT_TRUE(at::allclose(logits, expected_.read("logits"), 1e-4, 1e-4));
}

TEST_P(Decoder, CachedEqualsUncachedAndBatchedEqualsSingle) {
  const at::NoGradGuard no_gradient;
  const Tensor expected = expected_.read("logits");
  KvCache cache;
  cache.reserve(model_.config(), 1, 100);
  for (const auto& [from, count] : {std::pair(0, 37), std::pair(37, 1), std::pair(38, 62)}) {
    const Tensor logits = model_.logits(model_.forward(ids_.narrow(0, 1, 1).narrow(1, from, count), cache));
    EXPECT_TRUE(at::allclose(logits, expected.narrow(0, 1, 1).narrow(1, from, count), 1e-4, 1e-4)) << from;
  }
}

TEST_P(Decoder, GreedyContinuationIsExact) {
  const std::vector<TokenId> expected = ids_of(expected_.read("greedy")[0]);
  std::vector<TokenId> tokens = ids_of(ids_[0].narrow(0, 0, 10)), seen;
  const auto fresh = generate(model_, tokens, {.sampling = {.temperature = 0}, .max_new_tokens = 20, .stop = {2}},
                              [&](TokenId id) { return seen.push_back(id), true; });
  EXPECT_EQ(seen, fresh);
  tokens.insert(tokens.end(), fresh.begin(), fresh.end());
  EXPECT_EQ(tokens, expected);
}

TEST_P(Decoder, BeamSearchIsExact) {
  const std::vector<TokenId> expected = ids_of(expected_.read("beam4_norepeat3_eos7")[0]);
  std::vector<TokenId> tokens = ids_of(ids_[0].narrow(0, 0, 10));
  const BeamConfig config{.num_beams = 4, .max_new_tokens = 20, .no_repeat_ngram_size = 3, .early_stopping = true, .eos = 7};
  const at::NoGradGuard no_gradient;
  const NextLogits next_logits = [&](const Tensor& sequences, const Tensor&) {
    KvCache cache;  // read anew each time: it is the search that is asked here
    return model_.logits(model_.forward(sequences, cache).select(1, -1));
  };
  const auto beams = beam_search(tokens, next_logits, config);
  tokens.insert(tokens.end(), beams.front().tokens.begin(), beams.front().tokens.end());
  EXPECT_EQ(tokens, expected);
}

INSTANTIATE_TEST_SUITE_P(Recorded, Decoder, testing::Values("llama_tiny", "llama3_rope_tiny", "qwen2_tiny"),
                         [](const auto& info) { return std::string(info.param); });

// The trainers hand fused kernels buffers of the processor's memory: on a GPU they must not be asked to.
TEST(Transformer, HasNoFusedPathOnAnotherDeviceOrInFp32) {
  LlamaConfig config;
  config.hidden_size = 64;
  config.intermediate_size = 96;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 1;
  base::Parameters here = base::Parameters::fresh(1), elsewhere = base::Parameters::fresh(1, at::kMeta);
  EXPECT_EQ(Transformer(here.root(), config).fused(), nullptr);
  EXPECT_EQ(Transformer(elsewhere.root(), config).fused(), nullptr);
}

TEST(Generate, SeedAndStopsDecide) {
  const TextModel model = TextModel::load(kData / "llama_tiny");
  const std::vector<TokenId> prompt = {5, 6, 7};
  const auto run = [&](uint64_t seed, std::vector<TokenId> stop = {}) {
    return generate(model, prompt, {.max_new_tokens = 12, .stop = std::move(stop), .seed = seed});
  };
  const auto tokens = run(3);
  EXPECT_EQ(tokens.size(), 12u);
  EXPECT_EQ(run(3), tokens);
  EXPECT_NE(run(4), tokens);
  EXPECT_EQ(run(3, {tokens[4]}).back(), tokens[4]);
  EXPECT_LE(run(3, {tokens[4]}).size(), 5u);
  int64_t calls = 0;
  generate(model, prompt, {.max_new_tokens = 12}, [&](TokenId) { return ++calls < 2; });
  EXPECT_EQ(calls, 2);
}

TEST(Generate, RefusesWhatDoesNotFit) {
  const TextModel model = TextModel::load(kData / "llama_tiny");  // 256 positions
  EXPECT_ERROR(generate(model, {}, {}), base::InvalidArgument, "empty");
  EXPECT_ERROR(generate(model, {320}, {}), base::InvalidArgument, "beyond the model's vocabulary");
  EXPECT_ERROR(generate(model, {1}, {.max_new_tokens = 0}), base::InvalidArgument, "max-tokens");
  EXPECT_ERROR(generate(model, std::vector<TokenId>(200, 1), {.max_new_tokens = 57}), base::InvalidArgument, "256 positions");
}

}  // namespace
}  // namespace atelier::text
