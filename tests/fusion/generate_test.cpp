// Drawing: seeds, guidance, the loop of language mode and diffusion mode.
#include "fusion/generate.h"

#include "base/error.h"
#include "tests/fusion/tiny_model.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <limits>

namespace atelier::fusion {
namespace {

using tests::TinyModel;

GenerateOptions options(uint64_t seed, double guidance = 3) {
  GenerateOptions result;
  result.seed = seed;
  result.guidance_scale = guidance;
  result.num_inference_steps = 4;
  return result;
}

// A picture is its prompt, its seed and its options, whatever was drawn before it: so a batch of N with seeds seed + i
// is N single runs.
TEST(Draw, DependsOnNothingButItsArguments) {
  const TinyModel tiny;
  const std::vector<int32_t> prompt = {1, 8, 9, 3}, none = {1, 3};
  for (const auto& sampler : sampler_names()) {
    GenerateOptions o = options(7);
    o.sampler = sampler;
    const Tensor first = draw(*tiny.model, prompt, none, o);
    draw(*tiny.model, {1, 20, 3}, none, options(8));
    EXPECT_TRUE(at::equal(first, draw(*tiny.model, prompt, none, o))) << sampler;
    o.seed = 8;
    EXPECT_FALSE(at::equal(first, draw(*tiny.model, prompt, none, o))) << sampler;
  }
}

// Guidance by hand: both predictions alone, then e = e_n + scale (e_p - e_n).
TEST(Draw, GuidanceIsTheFormula) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const std::vector<int32_t> prompt = {1, 8, 9, 10, 3}, negative = {1, 5, 3};
  GenerateOptions o = options(7, 2.5);
  o.num_inference_steps = 1;
  const Tensor drawn = draw(*tiny.model, prompt, negative, o);
  const Tensor x = at::randn({1, 4, 8, 8}, base::generator(7), at::kFloat), time = at::full({1}, 1000.0);
  const auto alone = [&](const std::vector<int32_t>& text) {
    Context context = tiny.model->begin(1);
    tiny.model->append_text(context, as_ids(*tiny.model, text));
    return tiny.model->predict(context, x, time);
  };
  const Tensor p = alone(prompt), n = alone(negative);
  EXPECT_LT((drawn - (x - (n + 2.5 * (p - n)))).abs().max().item<double>(), 1e-4);
}

TEST(Draw, ScaleOneIsThePromptAlone) {
  const TinyModel tiny;
  const Tensor a = draw(*tiny.model, {1, 8, 3}, {1, 5, 3}, options(1, 1)), b = draw(*tiny.model, {1, 8, 3}, {1, 6, 3}, options(1, 1));
  EXPECT_TRUE(at::equal(a, b)) << "without guidance the negative prompt must not matter";
}

TEST(Draw, NumbersThatAreNotFiniteAreNoPicture) {
  const TinyModel tiny;
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : tiny.parameters.all())
    if (name.starts_with("unet_up.conv_out")) Tensor(tensor).fill_(std::numeric_limits<float>::infinity());
  EXPECT_ERROR(draw(*tiny.model, {1, 8, 3}, {1, 5, 3}, options(1)), std::runtime_error, "not finite");
}

TEST(Draw, ReportsEveryStep) {
  const TinyModel tiny;
  GenerateOptions o = options(1);
  std::vector<int64_t> steps;
  Tensor last;
  o.on_step = [&](int64_t step, const Tensor& x0) {
    steps.push_back(step);
    last = x0.clone();
  };
  const Tensor drawn = draw(*tiny.model, {1, 8, 3}, {1, 3}, o);
  EXPECT_EQ(steps, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_TRUE(at::equal(drawn, last)) << "the last estimate is the picture";
}

TEST(Draw, RefusesOptionsOutOfRange) {
  const TinyModel tiny;
  GenerateOptions o = options(1);
  o.num_inference_steps = 0;
  EXPECT_ERROR(draw(*tiny.model, {1, 3}, {1, 3}, o), base::InvalidArgument, "steps must be 1 to 1000, not 0");
  o = options(1, 101);
  EXPECT_ERROR(draw(*tiny.model, {1, 3}, {1, 3}, o), base::InvalidArgument, "guidance_scale must be 0 to 100, not 101");
  o = options(1);
  o.sampler = "euler-a";
  EXPECT_ERROR(draw(*tiny.model, {1, 3}, {1, 3}, o), base::InvalidArgument, "sampler must be one of ddim, ddpm, dpmpp-2m");
}

// The model opens a picture by <boi> itself; the picture is drawn, closed, and the text goes on.
TEST(Interleave, AlternatesBetweenTextAndPictures) {
  const TinyModel tiny;
  InterleaveOptions o;
  o.picture = options(5);
  o.bos = 1;
  o.boi = 3;
  o.eoi = 4;
  o.stop = {2};
  std::vector<int32_t> script = {10, 11, 3, 12, 3, 13, 2, 14};
  size_t next = 0;
  o.choose = [&](const Tensor& logits) {
    EXPECT_EQ(logits.numel(), 60);
    return script.at(next++);
  };
  const auto segments = interleave(*tiny.model, {1, 9}, o);
  ASSERT_EQ(segments.size(), 5);
  EXPECT_EQ(segments[0].tokens, (std::vector<int32_t>{10, 11}));
  EXPECT_TRUE(segments[1].latents.defined());
  EXPECT_EQ(segments[2].tokens, (std::vector<int32_t>{12}));
  EXPECT_TRUE(segments[3].latents.defined());
  EXPECT_FALSE(at::equal(segments[1].latents, segments[3].latents));
  EXPECT_EQ(segments[4].tokens, (std::vector<int32_t>{13}));
}

}  // namespace
}  // namespace atelier::fusion
