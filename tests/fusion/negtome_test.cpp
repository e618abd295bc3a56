// Token merging: the recorded numbers, and what must hold of any drawing (papers.md 4.4).
#include "fusion/negtome.h"

#include "base/safetensors.h"
#include "fusion/generate.h"
#include "tests/fusion/tiny_model.h"

#include <gtest/gtest.h>

namespace atelier::fusion {
namespace {

using tests::TinyModel;

const std::vector<int32_t> kPrompt = {1, 8, 9, 3}, kNone = {1, 3};

Tensor push(const Tensor& h, const Tensor& reference, const Tensor& mask, double alpha, double tau) {
  return push_away(h, reference, mask, at::full({reference.size(0)}, alpha), tau);
}

double difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

// Written from the formula in float64 (make_fixtures.py); 1e-5: sums in fp32.
TEST(PushAway, AgreesWithTheRecordedNumbers) {
  const base::Safetensors file(ATELIER_TEST_DATA "/negtome.safetensors");
  const Tensor h = file.read("h"), references = file.read("reference"), mask = file.read("mask").to(at::kBool);
  for (const auto& [alpha, tau, name] : {std::tuple{0.9, 0.65, "alpha0.9_tau0.65"}, {1.9, 0.5, "alpha1.9_tau0.5"}, {-0.5, 0.65, "alpha-0.5_tau0.65"}})
    for (int64_t i = 0; i < h.size(0); ++i) {
      const auto expected = [&](const char* kind) { return file.read(fmt::format("{}_{}", kind, name))[i]; };
      if (i > 0) {
        EXPECT_LT(difference(push(h[i], h[0], {}, alpha, tau), expected("batch")), 1e-5) << name << i;
      }
      EXPECT_LT(difference(push(h[i], references[0], {}, alpha, tau), expected("external")), 1e-5) << name << i;
      EXPECT_LT(difference(push(h[i], references[0], mask, alpha, tau), expected("masked")), 1e-5) << name << i;
      EXPECT_LT(difference(push(h[i], references.reshape({-1, 8}), {}, alpha, tau), expected("two_references")), 1e-5) << name << i;
    }
}

TEST(PushAway, LeavesWhatItMust) {
  const Tensor h = at::randn({24, 8}, base::generator(1), at::kFloat), other = at::randn({24, 8}, base::generator(2), at::kFloat);
  EXPECT_TRUE(at::equal(push(h, other, {}, 0, 0.1), h)) << "alpha = 0";
  EXPECT_TRUE(at::equal(push(h, other, {}, 0.9, 1.01), h)) << "no cosine is above 1";
  EXPECT_TRUE(at::equal(push(h, other, at::zeros({24}, at::kBool), 0.9, -1), h)) << "all masked";
  EXPECT_LT(difference(push(h, h, {}, 0.9, 0.65), h), 1e-5) << "(1 + a) h - a h = h";
  Tensor left = at::zeros({4, 8}), right = at::zeros({4, 8});
  left.narrow(1, 0, 4).fill_(1);
  right.narrow(1, 4, 4).fill_(1);
  EXPECT_TRUE(at::equal(push(left, right, {}, 0.9, 0.65), left)) << "orthogonal";
}

constexpr double kAlpha = 0.9;

GenerateOptions merged(uint64_t seed) {
  GenerateOptions result;
  result.seed = seed;
  result.guidance_scale = 3;
  result.num_inference_steps = 4;
  result.merging.config.tau = -1;  // tokens of a random model are alike by chance only
  return result;
}

std::shared_ptr<TokenTrace> new_trace(double until = 0) { return std::make_shared<TokenTrace>(4, 3, until); }

// The mode inside a batch: the first picture leaves its tokens behind, the next ones keep away from them.
TEST(NegToMe, TheFirstPictureIsTheOneWithoutIt) {
  const TinyModel tiny;
  for (const std::string& sampler : sampler_names())
    for (const double scale : {1.0, 3.0}) {
      GenerateOptions o = merged(7);
      o.sampler = sampler;
      o.guidance_scale = scale;
      const Tensor plain = draw(*tiny.model, kPrompt, kNone, o);
      const auto trace = new_trace();
      o.merging.record = trace;
      EXPECT_TRUE(at::equal(draw(*tiny.model, kPrompt, kNone, o), plain));
      for (int64_t half = 0; half < (scale == 1 ? 1 : 2); ++half)
        for (int64_t layer = 0; layer < 3; ++layer) EXPECT_EQ(trace->at(3, layer, half).sizes(), (std::vector<int64_t>{16, 64}));

      o.merging.record = nullptr;
      o.merging.references = {{trace, {}, kAlpha}};
      EXPECT_LT(difference(draw(*tiny.model, kPrompt, kNone, o), plain), 1e-4) << "pushed away from itself it stays";
      o.seed = 8;
      const Tensor pushed = draw(*tiny.model, kPrompt, kNone, o);
      o.merging = {};
      const Tensor second = draw(*tiny.model, kPrompt, kNone, o);
      EXPECT_GT(difference(pushed, second), 1e-4) << sampler;
    }
}

TEST(NegToMe, IsOffAtAlphaZeroAboveTauOneAndOutOfRange) {
  const TinyModel tiny;
  GenerateOptions o = merged(8);
  const Tensor plain = draw(*tiny.model, kPrompt, kNone, o);
  const auto traced = [&](double until) {
    GenerateOptions first = merged(7);
    first.merging.record = new_trace(until);
    draw(*tiny.model, kPrompt, kNone, first);
    return first.merging.record;
  };
  o.merging.references = {{traced(0), {}, kAlpha}};
  const auto drawn_with = [&](auto&& change, double alpha = kAlpha) {
    GenerateOptions changed = o;
    changed.merging.references[0].alpha = alpha;
    change(changed.merging.config);
    return draw(*tiny.model, kPrompt, kNone, changed);
  };
  EXPECT_TRUE(at::equal(drawn_with([](NegToMeConfig&) {}, 0), plain));
  EXPECT_TRUE(at::equal(drawn_with([](NegToMeConfig& c) { c.tau = 1.01; }), plain));
  EXPECT_TRUE(at::equal(drawn_with([](NegToMeConfig& c) { c.first_layer = 3; }), plain));
  EXPECT_FALSE(at::equal(drawn_with([](NegToMeConfig&) {}), plain));
  const Tensor whole = drawn_with([](NegToMeConfig&) {});
  EXPECT_FALSE(at::equal(drawn_with([](NegToMeConfig&) {}, -kAlpha), whole));
  // A reference pushes as far down as its trace goes, whatever the other ones do: the first step is at 1000.
  o.merging.references = {{traced(900), {}, kAlpha}};
  const Tensor early = drawn_with([](NegToMeConfig&) {});
  EXPECT_FALSE(at::equal(early, plain));
  EXPECT_FALSE(at::equal(early, whole));
  o.merging.references.push_back({traced(0), {}, kAlpha});
  EXPECT_FALSE(at::equal(drawn_with([](NegToMeConfig&) {}), early));
}

// A picture handed over: its tokens at a step are those of the network's view of it, noised to that step.
TEST(NegToMe, AReferencePictureIsSeenAsNoisyAsTheDrawnOne) {
  const TinyModel tiny;
  const Tensor latents = tiny.picture(4);
  GenerateOptions o = merged(7);
  o.merging.config.avoid_until = 400;
  const auto trace = trace_reference(*tiny.model, kPrompt, kNone, latents, o);
  EXPECT_TRUE(trace->at(2, 0, 0).defined()) << "t = 500";
  EXPECT_FALSE(trace->at(3, 0, 0).defined()) << "t = 250 is past the range";

  // Step 1 by hand: t = 750.
  const at::NoGradGuard no_gradient;
  Context context = tiny.model->begin(1);
  tiny.model->append_text(context, as_ids(*tiny.model, kPrompt));
  const Tensor x = 0.25 * latents + 0.75 * at::randn({1, 4, 8, 8}, base::generator(7), at::kFloat);
  Tensor seen;
  tiny.model->predict(context, x, at::full({1}, 750.0), [&](int64_t layer, int64_t, Tensor& attended) {
    if (layer == 1) seen = attended.clone();
  });
  EXPECT_LT(difference(seen, trace->at(1, 1, 0)), 1e-4);

  o.seed = 8;
  o.merging.references = {{trace, {}, kAlpha}};
  const Tensor all = draw(*tiny.model, kPrompt, kNone, o);
  o.merging.references[0].mask = at::arange(16).lt(8);
  const Tensor half = draw(*tiny.model, kPrompt, kNone, o);
  o.merging.references[0].mask = at::zeros({16}, at::kBool);
  const Tensor none = draw(*tiny.model, kPrompt, kNone, o);
  o.merging.references.clear();
  EXPECT_TRUE(at::equal(none, draw(*tiny.model, kPrompt, kNone, o)));
  EXPECT_FALSE(at::equal(all, half));
  EXPECT_FALSE(at::equal(half, none));
}

}  // namespace
}  // namespace atelier::fusion
