#include "vision/vae.h"

#include "base/error.h"
#include "tests/support.h"
#include "tests/vision/gaussian.h"

#include <gtest/gtest.h>

namespace atelier::vision {
namespace {

namespace fs = std::filesystem;
using base::InvalidArgument, base::InvalidFile, base::json;

double largest_difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

VaeConfig small() {
  VaeConfig config;
  config.block_out_channels = {16, 32, 48};
  config.layers_per_block = 1;
  config.norm_num_groups = 8;
  config.latents_mean = {1, -2, 0, 0, 0, 0, 0, 3};
  config.latents_std = {2, 0.5, 1, 1, 1, 1, 1, 4};
  return config;
}

// Every block starts as the identity; noise on all parameters lets a test see each of them.
base::Parameters noisy(const VaeConfig& config) {
  base::Parameters parameters = base::Parameters::fresh(1);
  const Vae vae(parameters.root(), config);
  uint64_t seed = 0;
  for (const auto& [name, tensor] : parameters.all()) Tensor(tensor).add_(gaussian(tensor.sizes().vec(), ++seed), 0.02);
  return parameters;
}

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              fmt::format("atelier_vae_{}_{}", ::testing::UnitTest::GetInstance()->current_test_info()->name(), getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void save(const base::Parameters& parameters, const VaeConfig& config) {
    base::write_safetensors(folder_ / "model.safetensors", parameters.all());
    base::write_json(folder_ / "config.json", base::write_config(config));
  }
  fs::path folder_;
};

// Numbers from diffusers 0.42 (tests/data/README.md); the tolerance is fp32 summed in another order.
class AutoencoderKl : public ::testing::TestWithParam<const char*> {};

TEST_P(AutoencoderKl, EqualsDiffusers) {
  const std::string name = GetParam();
  const Vae vae = Vae::load(kData / name);
  const base::Safetensors expected(kData / (name + "_expected.safetensors"));
  const Posterior posterior = vae.encode(expected.read("x"));
  EXPECT_LT(largest_difference(posterior.mean, expected.read("mean")), 1e-4);
  EXPECT_LT(largest_difference(posterior.logvar, expected.read("logvar")), 1e-4);
  EXPECT_LT(largest_difference(vae.decode(expected.read("mean")), expected.read("decoded")), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Folders, AutoencoderKl, ::testing::Values("vae_tiny", "vae16_tiny"));

TEST(Vae, ShiftAndScaleAreStableDiffusions) {
  const Vae vae = Vae::load(kData / "vae16_tiny");
  const Tensor latents = gaussian({1, 16, 2, 2}, 1);
  EXPECT_LT(largest_difference(vae.normalise(latents), (latents - 0.1159) * 0.3611), 1e-6);
  EXPECT_LT(largest_difference(vae.denormalise(vae.normalise(latents)), latents), 1e-5);
}

TEST(Vae, LatentsAreNormalisedPerChannel) {
  const VaeConfig config = small();
  base::Parameters parameters = base::Parameters::fresh(1);
  const Vae vae(parameters.root(), config);
  const Tensor latents = gaussian({2, 8, 3, 5}, 1), normal = vae.normalise(latents);
  EXPECT_LT(largest_difference(normal.select(1, 1), (latents.select(1, 1) + 2) * 2), 1e-6);
  EXPECT_LT(largest_difference(normal.select(1, 7), (latents.select(1, 7) - 3) / 4), 1e-6);
  EXPECT_LT(largest_difference(vae.denormalise(normal), latents), 1e-5);
}

TEST(Vae, AnySizeThatIsAMultipleOfEightGoesThrough) {
  base::Parameters parameters = base::Parameters::fresh(1);
  const Vae vae(parameters.root(), small());
  for (const auto& [h, w] : {std::pair(1, 1), std::pair(3, 5), std::pair(2, 1)}) {
    const Posterior posterior = vae.encode(gaussian({2, 3, 8 * h, 8 * w}, 1));
    EXPECT_EQ(posterior.mean.sizes(), at::IntArrayRef({2, 8, h, w}));
    EXPECT_EQ(posterior.logvar.sizes(), at::IntArrayRef({2, 8, h, w}));
    const Tensor pixels = vae.decode(posterior.mean);
    EXPECT_EQ(pixels.sizes(), at::IntArrayRef({2, 3, 8 * h, 8 * w}));
    EXPECT_TRUE(pixels.is_contiguous());
  }
  EXPECT_THROW(vae.encode(at::zeros({1, 3, 12, 16})), InvalidArgument);
  EXPECT_THROW(vae.encode(at::zeros({1, 3, 0, 16})), InvalidArgument);
  EXPECT_THROW(vae.encode(at::zeros({1, 4, 16, 16})), InvalidArgument);
  EXPECT_THROW(vae.encode(at::zeros({3, 16, 16})), InvalidArgument);
  EXPECT_THROW(vae.decode(at::zeros({1, 4, 2, 2})), InvalidArgument);
}

// What a latent stands for must not leak to the other side of the picture: an 8x8 patch reaches only so far.
TEST(Vae, PatchesLandWhereTheyCameFrom) {
  VaeConfig config = small();
  base::Parameters parameters = base::Parameters::fresh(1);
  const Vae vae(parameters.root(), config);
  Tensor latents = at::zeros({1, 8, 16, 16});
  const Tensor before = vae.decode(latents);
  latents.select(2, 2).select(2, 12).fill_(1);
  // GroupNorm sees the whole picture; the part that is moved most is where the latent is.
  const Tensor moved = (vae.decode(latents) - before).abs().sum(1)[0];
  const int64_t peak = moved.argmax().item<int64_t>();
  EXPECT_NEAR(peak / 128, 2 * 8 + 4, 24);
  EXPECT_NEAR(peak % 128, 12 * 8 + 4, 24);
}

TEST_F(Folder, WhatIsSavedIsLoaded) {
  base::Parameters parameters = noisy(small());
  save(parameters, small());
  const Vae vae = Vae::load(folder_);
  EXPECT_TRUE(base::equal(vae.config(), small()));
  const Tensor pixels = gaussian({1, 3, 16, 24}, 9);
  const Vae same(base::Parameters::read(base::Weights(folder_)).root(), small());
  const Posterior a = vae.encode(pixels), b = same.encode(pixels);
  EXPECT_TRUE(at::equal(a.mean, b.mean));
  EXPECT_TRUE(at::equal(vae.decode(a.mean), same.decode(b.mean)));
  EXPECT_FALSE(at::equal(vae.decode(a.mean), vae.decode(a.mean + 0.1)));
}

// Weights are stored in bf16 and computed in bf16 where the processor can: the picture must stay the same to the eye.
TEST_F(Folder, Bf16IsCloseToFloat) {
  if (!base::processor().avx512_bf16) GTEST_SKIP() << "this processor has no AVX512-BF16";
  base::Parameters parameters = noisy(small());
  save(parameters, small());
  const Tensor pixels = gaussian({2, 3, 32, 48}, 9).tanh();
  const Vae exact = Vae::load(folder_);
  const Posterior a = exact.encode(pixels);
  const Tensor c = exact.decode(a.mean);
  base::initialise_compute({"", "bf16", 0});
  const Vae fast = Vae::load(folder_);
  const Posterior b = fast.encode(pixels);
  const Tensor d = fast.decode(a.mean);
  const Tensor alone = fast.decode(a.mean.narrow(0, 1, 1));
  base::initialise_compute({"", "fp32", 0});
  EXPECT_LT(((a.mean - b.mean).norm() / a.mean.norm()).item<double>(), 2e-2);
  EXPECT_LT(((c - d).norm() / c.norm()).item<double>(), 2e-2);
  EXPECT_TRUE(at::equal(d.narrow(0, 1, 1), alone));  // a batch of two is two singles
}

struct BadConfig {
  const char* changes;  // laid over a good config
  const char* message;
};

TEST_F(Folder, BadConfigsAreRefusedWithTheReason) {
  const base::Parameters parameters = noisy(small());
  const BadConfig cases[] = {
      {R"({"block_out_channels": []})", "block_out_channels"},
      {R"({"block_out_channels": [16, 30, 48]})", "norm_num_groups (8), but one is 30"},
      {R"({"block_out_channels": [16, -32, 48]})", "block_out_channels"},
      {R"({"latents_std": [1, 1]})", "latents_mean and latents_std"},
      {R"({"latents_std": [0, 1, 1, 1, 1, 1, 1, 1]})", "latents_std"},
      {R"({"latent_channels": 4})", "one a latent channel"},
      {R"({"latent_chanels": 8})", "latent_chanels"},
      {R"({"_class_name": "AutoencoderTiny"})", "_class_name"},
      {R"({"_class_name": "AutoencoderKL", "act_fn": "relu"})", "act_fn must be silu"},
      {R"({"_class_name": "AutoencoderKL", "mid_block_add_attention": false})", "mid_block_add_attention"},
      {R"({"_class_name": "AutoencoderKL", "down_block_types": ["AttnDownEncoderBlock2D"]})", "DownEncoderBlock2D"},
      {R"({"_class_name": "AutoencoderKL"})", "model.safetensors"},  // the other architecture's weights
  };
  for (const BadConfig& bad : cases) {
    save(parameters, small());
    json document = base::read_json(folder_ / "config.json");
    document.update(json::parse(bad.changes));
    base::write_json(folder_ / "config.json", document);
    try {
      Vae::load(folder_);
      ADD_FAILURE() << bad.changes << " was loaded";
    } catch (const InvalidFile& error) {
      EXPECT_NE(std::string(error.what()).find(bad.message), std::string::npos) << error.what();
    }
  }
  base::write_json(folder_ / "config.json", json::array());
  EXPECT_THROW(Vae::load(folder_), InvalidFile);
  fs::remove(folder_ / "config.json");
  EXPECT_THROW(Vae::load(folder_), InvalidFile);
}

// Folders written before diffusers 0.18 name the attention's matrices differently.
TEST_F(Folder, OldAttentionNamesAreRead) {
  const base::Safetensors file(kData / "vae_tiny" / "diffusion_pytorch_model.safetensors");
  base::NamedTensors renamed;
  for (const auto& [name, info] : file.tensors()) {
    std::string old = name;
    for (const auto& [from, to] : {std::pair("to_q", "query"), std::pair("to_k", "key"), std::pair("to_v", "value"),
                                   std::pair("to_out.0", "proj_attn")}) {
      const size_t at = old.find(from);
      if (at != std::string::npos) old.replace(at, std::string(from).size(), to);
    }
    renamed.emplace_back(old, file.read(name));
  }
  base::write_safetensors(folder_ / "diffusion_pytorch_model.safetensors", renamed);
  fs::copy(kData / "vae_tiny" / "config.json", folder_ / "config.json");
  const Tensor latents = gaussian({1, 4, 4, 4}, 3);
  EXPECT_TRUE(at::equal(Vae::load(folder_).decode(latents), Vae::load(kData / "vae_tiny").decode(latents)));
}

}  // namespace
}  // namespace atelier::vision
