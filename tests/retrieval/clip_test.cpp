// CLIP beside Hugging Face's (transformers 5.23), and what its folder may hold.
#include "retrieval/clip.h"

#include "base/error.h"
#include "base/files.h"
#include "retrieval/clip_inputs.h"
#include "retrieval/clip_model.h"
#include "tests/base/compute_guard.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace atelier::retrieval {
namespace {

namespace fs = std::filesystem;
using base::InvalidFile;
using base::json;
using ::atelier::tests::TemporaryFolder;

double largest_difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

ClipModel load_model(const fs::path& folder, const ClipConfig& config) {
  const base::Weights weights(folder);
  base::Parameters parameters = base::Parameters::read(weights);
  return ClipModel(parameters.root(), config);
}

// fp32, random weights of deviation about 0.05: states are of order 1.
class ClipParity : public testing::TestWithParam<const char*> {};

TEST_P(ClipParity, EqualsHuggingFace) {
  const at::NoGradGuard no_gradient;
  const fs::path folder = kData / GetParam();
  const ClipConfig config = read_clip_config(folder / "config.json");
  const ClipModel model = load_model(folder, config);
  const base::Safetensors expected(kData / fmt::format("{}_expected.safetensors", GetParam()));

  std::vector<Tensor> picture_states, text_states;
  const Tensor pictures = model.encode_pictures(expected.read("pixel_values"), {}, &picture_states);
  const Tensor texts = model.encode_texts(expected.read("input_ids").to(at::kLong), &text_states);
  const Tensor seen = expected.read("attention_mask").to(at::kFloat).unsqueeze(-1);  // what is behind the end token counts nowhere
  ASSERT_EQ(picture_states.size(), 4u);
  ASSERT_EQ(text_states.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_LT(largest_difference(picture_states[i], expected.read(fmt::format("image_hidden_{}", i))), 1e-5) << i;
    EXPECT_LT(largest_difference(text_states[i] * seen, expected.read(fmt::format("text_hidden_{}", i)) * seen), 1e-5) << i;
  }
  EXPECT_LT(largest_difference(pictures, expected.read("image_embeds")), 1e-5);
  EXPECT_LT(largest_difference(texts, expected.read("text_embeds")), 1e-5);
  const Tensor logits = model.logit_scale() * pictures.matmul(texts.t());
  EXPECT_LT(largest_difference(logits, expected.read("logits_per_image")), 1e-5);
}
INSTANTIATE_TEST_SUITE_P(Activations, ClipParity, testing::Values("clip_tiny", "clip_tiny_gelu"));

// All patches in another order are the same picture; fewer are another.
TEST(ClipModel, PatchesAreSeenWhereTheyAre) {
  const at::NoGradGuard no_gradient;
  const ClipModel model = load_model(kData / "clip_tiny_gelu", read_clip_config(kData / "clip_tiny_gelu" / "config.json"));
  const Tensor pixels = base::Safetensors(kData / "clip_tiny_gelu_expected.safetensors").read("pixel_values");
  const Tensor all = model.encode_pictures(pixels), order = at::arange(15, -1, -1, at::kLong).expand({2, 16});
  EXPECT_LT(largest_difference(model.encode_pictures(pixels, order), all), 1e-5);
  EXPECT_GT(largest_difference(model.encode_pictures(pixels, order.narrow(1, 0, 8)), all), 1e-2);
}

// bf16 attends by products of its own: states of order 1 differ by rounding (2^-8), not by what a token sees.
TEST(ClipModel, InBf16IsTheSameRounded) {
  const at::NoGradGuard no_gradient;
  const ClipConfig config = read_clip_config(kData / "clip_tiny_gelu" / "config.json");
  const base::Safetensors expected(kData / "clip_tiny_gelu_expected.safetensors");
  const tests::ComputeGuard guard({.device = "cpu", .dtype = "bf16", .threads = 1});
  const ClipModel model = load_model(kData / "clip_tiny_gelu", config);
  std::vector<Tensor> picture_states, text_states;
  const Tensor pictures = model.encode_pictures(expected.read("pixel_values"), {}, &picture_states);
  const Tensor texts = model.encode_texts(expected.read("input_ids").to(at::kLong), &text_states);
  const Tensor seen = expected.read("attention_mask").to(at::kFloat).unsqueeze(-1);
  EXPECT_LT(largest_difference(picture_states[3], expected.read("image_hidden_3")), 0.1);
  EXPECT_LT(largest_difference(text_states[3] * seen, expected.read("text_hidden_3") * seen), 0.1);
  EXPECT_GT((pictures * expected.read("image_embeds")).sum(-1).min().item<double>(), 0.998);
  EXPECT_GT((texts * expected.read("text_embeds")).sum(-1).min().item<double>(), 0.998);
}

// The first published configs say eos_token_id 2: there the largest id is the end token, and the first of several.
TEST(ClipModel, BothRulesFindTheEndTokenAndNothingBehindItCounts) {
  const at::NoGradGuard no_gradient;
  const ClipConfig config = read_clip_config(kData / "clip_tiny_gelu" / "config.json");
  ClipConfig older = config;
  older.text_config.eos_token_id = 2;
  const ClipModel model = load_model(kData / "clip_tiny_gelu", config), older_model = load_model(kData / "clip_tiny_gelu", older);
  const Tensor padded = at::tensor(std::vector<int64_t>{510, 7, 9, 511, 511, 511}, at::kLong).view({1, 6});
  const Tensor vector = model.encode_texts(padded.narrow(1, 0, 4));
  EXPECT_LT(largest_difference(model.encode_texts(padded), vector), 1e-6);
  EXPECT_LT(largest_difference(older_model.encode_texts(padded), vector), 1e-6);
  const Tensor early = at::tensor(std::vector<int64_t>{510, 2, 9, 511}, at::kLong).view({1, 4});
  EXPECT_LT(largest_difference(older_model.encode_texts(early), model.encode_texts(early)), 1e-6) << "id 2 is a word there";
  EXPECT_ERROR(model.encode_texts(at::zeros({1, 78}, at::kLong)), base::InvalidArgument, "1 to 77 tokens, not 78");
}

TEST(ClipConfig, ReadsWhatItWritesAndFillsInHuggingFacesDefaults) {
  const TemporaryFolder folder;
  const auto read = [&](const json& document) {
    base::write_json(folder / "config.json", document);
    return read_clip_config(folder / "config.json");
  };
  EXPECT_TRUE(base::equal(read({{"architectures", {"CLIPModel"}}, {"text_config", nullptr}}), ClipConfig{}));
  ClipConfig config;
  config.text_config.hidden_size = 64;
  config.vision_config.patch_size = 16;
  config.projection_dim = 96;
  EXPECT_TRUE(base::equal(read(base::write_config(config)), config));

  const ClipConfig older = read({{"text_config", {{"hidden_size", 64}, {"eos_token_id", 2}}}, {"text_config_dict", {{"hidden_size", 128}}}});
  EXPECT_EQ(older.text_config.hidden_size, 128);
  EXPECT_EQ(older.text_config.eos_token_id, 49407);

  EXPECT_ERROR(read({{"vision_config", {{"patch_size", 30}}}}), InvalidFile, "image_size 224 must be a multiple of patch_size 30");
  EXPECT_ERROR(read({{"text_config", {{"num_attention_heads", 7}}}}), InvalidFile, "hidden_size 512 must be a multiple");
  EXPECT_ERROR(read({{"text_config", {{"hidden_act", "relu"}}}}), InvalidFile, "hidden_act");
}

// At most one of 255 levels where Pillow and torchvision round differently.
TEST(ClipPreprocessor, EqualsHuggingFace) {
  const auto preprocessor = ClipPreprocessor::read(kData / "clip_tiny" / "preprocessor_config.json");
  const base::Safetensors expected(kData / "clip_preprocess.safetensors");
  for (int k = 0; k < 4; ++k) {
    const Tensor pixels = preprocessor.apply(vision::read_image(kData / fmt::format("picture_{}.png", k)));
    const Tensor difference = (pixels - expected.read(fmt::format("pixel_values_{}", k))).abs();
    EXPECT_LT(difference.max().item<double>(), 1.01 / 255 / 0.26130258) << k;
    EXPECT_LT(difference.gt(1e-5).to(at::kFloat).mean().item<double>(), 0.01) << k;
  }
}

TEST(ClipPreprocessor, ReadsOlderFilesAndItsOwn) {
  const TemporaryFolder folder;
  const auto read = [&](const json& document) {
    base::write_json(folder / "p.json", document);
    return ClipPreprocessor::read(folder / "p.json");
  };
  const auto older = read({{"size", 96}, {"crop_size", 64}, {"resample", 2}, {"feature_extractor_type", "CLIPFeatureExtractor"}});
  EXPECT_EQ(older.shortest_edge, 96);
  EXPECT_EQ(older.crop_width, 64);
  EXPECT_EQ(older.resample, vision::Filter::bilinear);
  EXPECT_EQ(read({{"size", {{"height", 32}, {"width", 48}}}}).resize_width, 48);
  const ClipPreprocessor own = ClipPreprocessor::of_size(128);
  EXPECT_EQ(read(own.write()).write(), own.write());
  const vision::Image picture = vision::read_image(kData / "picture_1.png");  // 64 x 64
  EXPECT_LT(largest_difference(ClipPreprocessor::of_size(64).apply(picture), vision::to_tensor(picture)), 1e-6)
      << "what training saw: [-1, 1]";
  EXPECT_ERROR(read({{"size", -1}}), InvalidFile, "shortest_edge must be a number from 1");
  EXPECT_ERROR(read({{"image_std", {0, 1, 1}}}), InvalidFile, "image_std must be three numbers");
}

TEST(ClipPreprocessor, TakesAnyShapeOfPicture) {
  const auto preprocessor = ClipPreprocessor::read(kData / "clip_tiny" / "preprocessor_config.json");
  for (const auto& [width, height] : {std::pair(1, 8192), std::pair(8192, 1), std::pair(1, 1), std::pair(65, 64)})
    EXPECT_EQ(preprocessor.apply(vision::Image(width, height)).sizes(), (std::vector<int64_t>{3, 64, 64}));
  vision::Image clear(8, 8, 4, 0);
  EXPECT_LT(largest_difference(preprocessor.apply(clear), preprocessor.apply(vision::Image(8, 8))), 1e-6) << "on white";
}

#ifndef ATELIER_CORE_ONLY  // CLIP's own pattern needs ICU

TEST(ClipTokenizer, EqualsHuggingFace) {
  const ClipTokenizer tokenizer(kData / "clip_tiny", read_clip_config(kData / "clip_tiny" / "config.json").text_config);
  for (const json& row : base::read_json(kData / "clip_tokens.json"))
    EXPECT_EQ(tokenizer.encode(row["text"].get<std::string>(), /*parse_special=*/true), row["ids"].get<std::vector<text::TokenId>>()) << row["text"];
  const auto ids = tokenizer.encode("a <|endoftext|> b");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 49407), 1) << "what a user writes is text";
}

TEST(ClipTokenizer, RefusesATokenizerThatTheModelDoesNotKnow) {
  ClipTextConfig config;
  config.vocab_size = 512;
  EXPECT_ERROR(ClipTokenizer(kData / "clip_tiny", config), InvalidFile, "the tokenizer knows 49408 tokens, the model 512");
  config = {};
  config.eos_token_id = 7;
  EXPECT_ERROR(ClipTokenizer(kData / "clip_tiny", config), InvalidFile, "with eos_token_id 7");
}

class ClipFolder : public testing::Test {
 protected:
  ClipFolder() { fs::copy(kData / "clip_tiny", folder_.path(), fs::copy_options::recursive); }
  TemporaryFolder folder_;
};

TEST_F(ClipFolder, LoadsAndEmbeds) {
  const Clip clip = Clip::load(folder_.path());
  EXPECT_EQ(clip.dimensions(), 24);
  std::vector<vision::Image> pictures;
  for (int k = 0; k < 3; ++k) pictures.push_back(vision::read_image(kData / fmt::format("picture_{}.png", k)));
  const std::vector<std::string> texts = {"", "a red apple", "A Red  Apple", std::string(5000, 'x')};
  const Tensor picture_vectors = clip.embed_pictures(pictures), text_vectors = clip.embed_texts(texts);
  EXPECT_EQ(picture_vectors.sizes(), (std::vector<int64_t>{3, 24}));
  EXPECT_EQ(text_vectors.sizes(), (std::vector<int64_t>{4, 24}));
  EXPECT_LT(largest_difference(picture_vectors.norm(2, -1), at::ones({3})), 1e-5);
  EXPECT_LT(largest_difference(text_vectors.norm(2, -1), at::ones({4})), 1e-5);
  EXPECT_LT(largest_difference(text_vectors[1], text_vectors[2]), 1e-6);
  EXPECT_GT(largest_difference(text_vectors[0], text_vectors[1]), 1e-3);
  // A batch is only a faster way to say the same thing (padding, order and rounding aside).
  for (int64_t k = 0; k < 3; ++k)
    EXPECT_LT(largest_difference(clip.embed_pictures({&pictures[static_cast<size_t>(k)], 1})[0], picture_vectors[k]), 1e-5);
  for (int64_t k = 0; k < 4; ++k)
    EXPECT_LT(largest_difference(clip.embed_texts({&texts[static_cast<size_t>(k)], 1})[0], text_vectors[k]), 1e-5);
  EXPECT_EQ(clip.embed_pictures({}).sizes(), (std::vector<int64_t>{0, 24}));
  EXPECT_EQ(clip.embed_texts({}).sizes(), (std::vector<int64_t>{0, 24}));
  const std::vector<std::string> broken = {"\xff"};
  EXPECT_ERROR(clip.embed_texts(broken), base::InvalidArgument, "UTF-8");
}

TEST_F(ClipFolder, HashTellsWeightsApart) {
  const std::string before = clip_hash(folder_.path());
  EXPECT_EQ(Clip::load(folder_.path()).hash(), before);
  base::write_file(folder_ / "README.md", "about it");
  EXPECT_EQ(clip_hash(folder_.path()), before);
  std::string bytes = base::read_file(folder_ / "model.safetensors");
  bytes.back() ^= 1;
  base::write_file(folder_ / "model.safetensors", bytes);
  EXPECT_NE(clip_hash(folder_.path()), before);
}

TEST_F(ClipFolder, NamesWhatIsMissingOrDoesNotFit) {
  const auto expect = [&](const char* part, const std::string& fragment) {
    const std::string bytes = base::read_file(folder_ / part);
    fs::remove(folder_ / part);
    EXPECT_ERROR(Clip::load(folder_.path()), InvalidFile, fragment);
    base::write_file(folder_ / part, bytes);
  };
  expect("config.json", "config.json is missing");
  expect("preprocessor_config.json", "preprocessor_config.json is missing");
  json document = base::read_json(folder_ / "preprocessor_config.json");
  document["crop_size"] = 96;
  base::write_json(folder_ / "preprocessor_config.json", document);
  EXPECT_ERROR(Clip::load(folder_.path()), InvalidFile, "pictures do not become 64 x 64");
  EXPECT_ERROR(Clip::load(folder_ / "none"), InvalidFile, "there is no CLIP folder");
}

#endif

}  // namespace
}  // namespace atelier::retrieval
