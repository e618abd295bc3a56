// The fused tower against the same stack in plain fp32 operators with autograd, from the same bf16 weights. What may
// differ is the rounding of activations to bf16 (2^-9 each, averaging out over a sum): relative errors in norm of
// about 0.003 of outputs, 0.004 of input gradients and 0.005 of weight gradients; 0.006 of q_proj's, as a score's
// gradient is a difference of two rounded sums.
#include "base/fused_tower.h"

#include "base/compute.h"
#include "base/error.h"
#include "tests/support.h"

#include <ATen/Parallel.h>

#include <cmath>

namespace atelier::base {
namespace {

constexpr std::array kTensors = {&TowerLayer::input_layernorm, &TowerLayer::q_proj, &TowerLayer::k_proj,
                                 &TowerLayer::v_proj, &TowerLayer::o_proj, &TowerLayer::post_attention_layernorm,
                                 &TowerLayer::gate_proj, &TowerLayer::up_proj, &TowerLayer::down_proj};

struct Case {
  const char* name;
  int64_t d, h, layers, heads, kv_heads, batch, rows, prefix;
  bool causal;
  std::vector<int64_t> first_key;  // empty: none
  int threads;
  bool same_angles;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

TowerShape shape_of(const Case& c) { return {c.d, c.h, c.layers, c.heads, c.kv_heads, 64, 1e-5}; }

std::vector<TowerLayer> random_layers(const Case& c) {
  // 0.4: what a deviation of 0.02 is at d = 384.
  const auto matrix = [](int64_t rows, int64_t columns) {
    return (at::randn({rows, columns}) * (0.4 / std::sqrt(static_cast<double>(columns)))).to(at::kBFloat16).requires_grad_(true);
  };
  const auto norm = [&] { return (1 + 0.3 * at::randn({c.d})).requires_grad_(true); };
  std::vector<TowerLayer> result;
  for (int64_t i = 0; i < c.layers; ++i)
    result.push_back({norm(), matrix(c.heads * 64, c.d), matrix(c.kv_heads * 64, c.d), matrix(c.kv_heads * 64, c.d),
                      matrix(c.d, c.heads * 64), norm(), matrix(c.h, c.d), matrix(c.h, c.d), matrix(c.d, c.h)});
  return result;
}

TowerInput random_input(const Case& c, bool gradients = true) {
  TowerInput input;
  input.hidden = at::randn({c.batch, c.rows, c.d}).requires_grad_(gradients);
  const std::vector<int64_t> shape = c.same_angles ? std::vector<int64_t>{c.rows, 32} : std::vector<int64_t>{c.batch, c.rows, 32};
  const Tensor angles = at::randn(shape) * 3;
  input.cosine = angles.cos();
  input.sine = angles.sin();
  input.causal = c.causal;
  if (!c.first_key.empty()) input.first_key = at::tensor(c.first_key, at::kLong);
  if (c.prefix > 0) {
    const auto prefix = [&] {
      return at::randn({c.layers, c.batch, c.kv_heads, c.prefix, 64}).to(at::kBFloat16).requires_grad_(gradients);
    };
    input.prefix = {prefix(), prefix()};
  }
  input.return_key_values = true;
  return input;
}

Tensor as_float_leaf(const Tensor& t) { return t.detach().to(at::kFloat, false, true).requires_grad_(true); }

Tensor normalised(const Tensor& x, const Tensor& weight) {
  return x * at::rsqrt(x.square().mean(-1, true) + 1e-5) * weight;
}

/// The definition, in fp32; every parameter and input must be fp32 already.
TowerOutput reference(const Case& c, const std::vector<TowerLayer>& layers, const TowerInput& input) {
  const int64_t keys = c.prefix + c.rows;
  const auto heads = [&](const Tensor& t) { return t.view({c.batch, c.rows, -1, 64}).transpose(1, 2); };
  const Tensor cosine = (c.same_angles ? input.cosine.unsqueeze(0) : input.cosine).unsqueeze(1);
  const Tensor sine = (c.same_angles ? input.sine.unsqueeze(0) : input.sine).unsqueeze(1);
  const auto rotated = [&](const Tensor& t) {
    const Tensor a = t.narrow(-1, 0, 32), b = t.narrow(-1, 32, 32);
    return at::cat({a * cosine - b * sine, b * cosine + a * sine}, -1);
  };
  const Tensor key = at::arange(keys).view({1, 1, 1, keys}), row = at::arange(c.rows).view({1, 1, c.rows, 1});
  Tensor visible = c.causal ? key <= row + c.prefix : (key >= 0).expand({1, 1, c.rows, keys});
  if (input.first_key.defined()) visible = visible & (key >= input.first_key.view({-1, 1, 1, 1}));

  Tensor x = input.hidden;
  std::vector<Tensor> own_keys, own_values;
  for (int64_t i = 0; i < c.layers; ++i) {
    const TowerLayer& w = layers[i];
    const Tensor n = normalised(x, w.input_layernorm);
    const Tensor q = rotated(heads(at::linear(n, w.q_proj)));
    Tensor k = rotated(heads(at::linear(n, w.k_proj))), v = heads(at::linear(n, w.v_proj));
    own_keys.push_back(k);
    own_values.push_back(v);
    if (c.prefix > 0) {
      k = at::cat({input.prefix.keys[i], k}, 2);
      v = at::cat({input.prefix.values[i], v}, 2);
    }
    k = k.repeat_interleave(c.heads / c.kv_heads, 1);
    v = v.repeat_interleave(c.heads / c.kv_heads, 1);
    const Tensor scores = at::matmul(q, k.transpose(2, 3)) / 8;
    const Tensor p = at::softmax(scores.masked_fill(visible.logical_not(), -1e30), -1) * visible;  // sees none: zero
    x = x + at::linear(at::matmul(p, v).transpose(1, 2).reshape({c.batch, c.rows, -1}), w.o_proj);
    const Tensor m = normalised(x, w.post_attention_layernorm);
    x = x + at::linear(at::silu(at::linear(m, w.gate_proj)) * at::linear(m, w.up_proj), w.down_proj);
  }
  return {x, {at::stack(own_keys), at::stack(own_values)}};
}

double relative_error(const Tensor& got, const Tensor& expected) {
  const Tensor e = expected.to(at::kDouble);
  return ((got.to(at::kDouble) - e).norm() / e.norm()).item<double>();
}

void expect_same_bits(const Tensor& a, const Tensor& b) { EXPECT_TRUE(at::equal(a, b)); }

class FusedTower_ : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!processor().amx_bf16) GTEST_SKIP() << "this processor has no AMX-BF16";
    at::manual_seed(7);
    threads_ = at::get_num_threads();
  }
  void TearDown() override {
    if (threads_ > 0) at::set_num_threads(threads_);
  }
  int threads_ = 0;
};
using FusedTowerTest = FusedTower_;

// Pictures, text, both with what precedes them; sizes that are no multiples of blocks, chunks and threads.
const Case kPicture = {"picture_behind_text", 128, 192, 2, 2, 2, 3, 64, 32, false, {0, 5, 31}, 2, true};
const Case kText = {"left_padded_text", 128, 96, 2, 2, 2, 3, 32, 0, true, {0, 7, 31}, 2, false};
const Case kOdd = {"odd_sizes_grouped_queries", 96, 160, 3, 4, 2, 3, 45, 39, true, {}, 2, false};
const Case kLong = {"long_one_key_head", 64, 64, 2, 3, 1, 2, 320, 70, false, {64, 3}, 2, true};
const Case kLongText = {"long_padded_text", 64, 64, 2, 2, 2, 2, 288, 0, true, {40, 0}, 1, false};
const Case kHidden = {"prefix_wholly_hidden", 64, 96, 2, 2, 1, 2, 50, 33, true, {33, 60}, 1, false};

TEST_P(FusedTower_, AgreesWithFp32Autograd) {
  const Case& c = GetParam();
  at::set_num_threads(c.threads);
  const std::vector<TowerLayer> layers = random_layers(c);
  const TowerInput input = random_input(c);
  const TowerOutput got = FusedTower(shape_of(c), layers).forward(input);

  std::vector<TowerLayer> float_layers(layers.size());
  for (size_t i = 0; i < layers.size(); ++i)
    for (const auto t : kTensors) float_layers[i].*t = as_float_leaf(layers[i].*t);
  TowerInput float_input = input;
  float_input.hidden = as_float_leaf(input.hidden);
  if (c.prefix > 0) float_input.prefix = {as_float_leaf(input.prefix.keys), as_float_leaf(input.prefix.values)};
  const TowerOutput expected = reference(c, float_layers, float_input);

  EXPECT_LT(relative_error(got.hidden, expected.hidden), 0.003);
  EXPECT_LT(relative_error(got.key_values.keys, expected.key_values.keys), 0.005);
  EXPECT_LT(relative_error(got.key_values.values, expected.key_values.values), 0.005);

  // Gradients from all three: as if later rows had attended to these.
  const Tensor g = at::randn_like(expected.hidden), gk = at::randn_like(expected.key_values.keys).to(at::kBFloat16),
               gv = at::randn_like(gk);
  const auto loss = [&](const TowerOutput& o) {
    return (o.hidden * g).sum() + (o.key_values.keys.to(at::kFloat) * gk).sum() +
           (o.key_values.values.to(at::kFloat) * gv).sum();
  };
  loss(got).backward();
  loss(expected).backward();
  EXPECT_LT(relative_error(input.hidden.grad(), float_input.hidden.grad()), 0.0045);
  for (size_t i = 0; i < layers.size(); ++i)
    for (size_t t = 0; t < kTensors.size(); ++t) {
      const Tensor &mine = layers[i].*kTensors[t], &theirs = float_layers[i].*kTensors[t];
      EXPECT_LT(relative_error(mine.grad(), theirs.grad()), 0.007) << "layer " << i << " parameter " << t;
    }
  if (c.prefix == 0 || std::string(c.name) == kHidden.name) return;
  EXPECT_LT(relative_error(input.prefix.keys.grad(), float_input.prefix.keys.grad()), 0.006);
  EXPECT_LT(relative_error(input.prefix.values.grad(), float_input.prefix.values.grad()), 0.006);
}
INSTANTIATE_TEST_SUITE_P(Shapes, FusedTower_, testing::Values(kPicture, kText, kOdd, kLong, kLongText, kHidden),
                         [](const auto& c) { return std::string(c.param.name); });

// Hidden keys get no gradient, and neither do rows that see nothing through attention: exact zeros, no noise.
TEST_F(FusedTowerTest, HiddenKeysHaveNoGradient) {
  const std::vector<TowerLayer> layers = random_layers(kPicture);
  const TowerInput input = random_input(kPicture);
  FusedTower(shape_of(kPicture), layers).forward(input).hidden.sum().backward();
  for (int64_t b = 0; b < 3; ++b)
    for (const Tensor& g : {input.prefix.keys.grad(), input.prefix.values.grad()}) {
      EXPECT_EQ(g.select(1, b).narrow(2, 0, kPicture.first_key[b]).count_nonzero().item<int64_t>(), 0);
      EXPECT_GT(g.select(1, b).narrow(2, kPicture.first_key[b], 1).count_nonzero().item<int64_t>(), 0);
    }
}

// One thread or three, training or inference, rows or columns shared out: one result.
TEST_F(FusedTowerTest, BitsDependOnNothingButTheInput) {
  for (const Case& base : {kPicture, kOdd, kLongText}) {
    Case c = base;
    c.batch = 2;  // fewer sequences than threads below: inference shares columns then
    if (!c.first_key.empty()) c.first_key.resize(2);
    const std::vector<TowerLayer> layers = random_layers(c);
    const TowerInput input = random_input(c);
    const auto run = [&](int threads) {
      at::set_num_threads(threads);
      for (const TowerLayer& layer : layers)
        for (const auto t : kTensors) (layer.*t).mutable_grad() = Tensor();
      input.hidden.mutable_grad() = Tensor();
      FusedTower tower(shape_of(c), layers);
      const TowerOutput out = tower.forward(input);
      (out.hidden.square().sum() + out.key_values.keys.to(at::kFloat).sum()).backward();
      std::vector<Tensor> result = {out.hidden.detach(), out.key_values.keys.detach(), input.hidden.grad()};
      for (const auto t : kTensors) result.push_back((layers[0].*t).grad());
      const at::NoGradGuard no_gradients;
      const TowerOutput again = tower.forward(input);
      expect_same_bits(again.hidden, result[0]);
      expect_same_bits(again.key_values.keys, result[1]);
      return result;
    };
    const std::vector<Tensor> one = run(1);
    for (const int threads : {1, 2, 3}) {
      const std::vector<Tensor> more = run(threads);
      for (size_t i = 0; i < one.size(); ++i) expect_same_bits(one[i], more[i]);
    }
  }
}

// A batch is only a faster way to say the same thing.
TEST_F(FusedTowerTest, BatchEqualsSingles) {
  for (const Case& c : {kPicture, kText, kOdd}) {
    at::set_num_threads(2);
    const std::vector<TowerLayer> layers = random_layers(c);
    const TowerInput input = random_input(c);
    FusedTower tower(shape_of(c), layers);
    const TowerOutput out = tower.forward(input);
    out.hidden.square().sum().backward();
    for (int64_t b = 0; b < c.batch; ++b) {
      TowerInput single = input;
      single.hidden = input.hidden.detach().narrow(0, b, 1).requires_grad_(true);
      if (!c.same_angles) {
        single.cosine = input.cosine.narrow(0, b, 1);
        single.sine = input.sine.narrow(0, b, 1);
      }
      if (!c.first_key.empty()) single.first_key = input.first_key.narrow(0, b, 1);
      if (c.prefix > 0)
        single.prefix = {input.prefix.keys.detach().narrow(1, b, 1), input.prefix.values.detach().narrow(1, b, 1)};
      const TowerOutput alone = tower.forward(single);
      alone.hidden.square().sum().backward();
      expect_same_bits(alone.hidden[0], out.hidden[b]);
      expect_same_bits(alone.key_values.keys.squeeze(1), out.key_values.keys.select(1, b));
      expect_same_bits(alone.key_values.values.squeeze(1), out.key_values.values.select(1, b));
      expect_same_bits(single.hidden.grad()[0], input.hidden.grad()[b]);
    }
  }
}

// What a segment leaves behind is what the next one needs: text in two pieces, or word by word, is the text.
TEST_F(FusedTowerTest, SegmentsContinueEachOther) {
  Case c = kOdd;
  c.prefix = 0;
  c.rows = 40;
  const TowerInput input = random_input(c, false);
  const at::NoGradGuard no_gradients;
  FusedTower tower(shape_of(c), random_layers(c));
  const TowerOutput whole = tower.forward(input);
  std::vector<Tensor> hidden;
  TowerKeyValues cache;
  for (const int64_t length : {33, 1, 1, 5}) {
    const int64_t at = cache ? cache.keys.size(3) : 0;
    TowerInput segment = input;
    segment.hidden = input.hidden.narrow(1, at, length);
    segment.cosine = input.cosine.narrow(1, at, length);
    segment.sine = input.sine.narrow(1, at, length);
    segment.prefix = cache;
    const TowerOutput out = tower.forward(segment);
    hidden.push_back(out.hidden);
    cache = cache ? TowerKeyValues{at::cat({cache.keys, out.key_values.keys}, 3), at::cat({cache.values, out.key_values.values}, 3)}
                  : out.key_values;
  }
  EXPECT_LT(relative_error(at::cat(hidden, 1), whole.hidden), 0.003);
  EXPECT_LT(relative_error(cache.values, whole.key_values.values), 0.005);
}

// Two micro-batches into fp32 buffers: their sum exactly, and (rounded) what autograd gets.
TEST_F(FusedTowerTest, GradientBuffersAccumulate) {
  const std::vector<TowerLayer> layers = random_layers(kPicture);
  const TowerInput input = random_input(kPicture);
  FusedTower tower(shape_of(kPicture), layers);
  std::vector<TowerLayer> buffers(layers.size());
  for (size_t i = 0; i < layers.size(); ++i)
    for (const auto t : kTensors) buffers[i].*t = at::zeros_like(layers[i].*t, at::kFloat);
  const auto backward = [&] { tower.forward(input).hidden.square().sum().backward(); };
  backward();
  tower.accumulate_gradients_into(buffers);
  backward();
  std::vector<Tensor> once;
  for (const auto t : kTensors) once.push_back((buffers[0].*t).clone());
  backward();
  for (size_t t = 0; t < kTensors.size(); ++t) {
    const Tensor &leaf = layers[0].*kTensors[t], &summed = buffers[0].*kTensors[t];
    expect_same_bits(summed, 2 * once[t]);
    expect_same_bits(leaf.grad(), once[t].to(leaf.scalar_type()));
  }
}

// The packed copy follows the parameters, also those that were written through a pointer.
TEST_F(FusedTowerTest, ChangedParametersArePackedAgain) {
  const std::vector<TowerLayer> layers = random_layers(kText);
  const TowerInput input = random_input(kText, false);
  const at::NoGradGuard no_gradients;
  FusedTower tower(shape_of(kText), layers);
  const Tensor before = tower.forward(input).hidden;
  layers[1].down_proj.mul_(2);
  const Tensor after = tower.forward(input).hidden;
  EXPECT_GT(relative_error(after, before), 0.01);
  expect_same_bits(after, FusedTower(shape_of(kText), layers).forward(input).hidden);
  static_cast<at::BFloat16*>(layers[0].up_proj.data_ptr())[3] = 5.0f;
  tower.parameters_changed();
  expect_same_bits(tower.forward(input).hidden, FusedTower(shape_of(kText), layers).forward(input).hidden);
}

// A frozen tower still passes gradients to what is below it.
TEST_F(FusedTowerTest, FrozenParametersLetGradientsThrough) {
  const std::vector<TowerLayer> layers = random_layers(kPicture);
  const TowerInput input = random_input(kPicture);
  const auto input_gradient = [&] {
    input.hidden.mutable_grad() = Tensor();
    FusedTower(shape_of(kPicture), layers).forward(input).hidden.square().sum().backward();
    return input.hidden.grad();
  };
  const Tensor trained = input_gradient();
  for (const TowerLayer& layer : layers)
    for (const auto t : kTensors) {
      (layer.*t).requires_grad_(false);
      (layer.*t).mutable_grad() = Tensor();
    }
  expect_same_bits(input_gradient(), trained);
  for (const auto t : kTensors) EXPECT_FALSE((layers[0].*t).grad().defined());
}

TEST_F(FusedTowerTest, PrefixMayBeAnyView) {
  const std::vector<TowerLayer> layers = random_layers(kPicture);
  TowerInput input = random_input(kPicture, false);
  const at::NoGradGuard no_gradients;
  FusedTower tower(shape_of(kPicture), layers);
  const Tensor expected = tower.forward(input).hidden;
  Tensor cache = at::zeros({2, 3, 80, 2, 64}, at::kBFloat16);  // (layers, B, capacity, Hkv, 64)
  cache.narrow(2, 0, 32).copy_(input.prefix.keys.transpose(2, 3));
  input.prefix.keys = cache.narrow(2, 0, 32).transpose(2, 3);
  expect_same_bits(tower.forward(input).hidden, expected);
}

// An edit of one sequence is as if that sequence alone had attended to something else, whichever way threads divide the
// work (one sequence: columns; three: sequences), and foreign code that used the tile unit does no harm.
TEST_F(FusedTowerTest, EditsReachOneSequenceAndLayer) {
  const at::NoGradGuard no_gradient;
  at::set_num_threads(2);
  for (const int64_t batch : {1, 3}) {
    Case c = kPicture;
    c.batch = batch;
    c.first_key.clear();
    const std::vector<TowerLayer> layers = random_layers(c);
    std::vector<TowerLayer> attentionless = layers;  // zero in place of what the second layer's rows attended to
    attentionless[1].o_proj = at::zeros_like(layers[1].o_proj);
    TowerInput input = random_input(c, false);
    const Tensor plain = FusedTower(shape_of(c), layers).forward(input).hidden;
    const Tensor without = FusedTower(shape_of(c), attentionless).forward(input).hidden;
    const int64_t chosen = batch - 1;
    input.edit = [&](int64_t layer, int64_t sequence, Tensor& attended) {
      EXPECT_EQ(attended.sizes(), (std::vector<int64_t>{64, 2 * 64}));
      at::mm(at::ones({64, 64}, at::kBFloat16), at::ones({64, 64}, at::kBFloat16));
      if (layer == 1 && sequence == chosen) attended.zero_();
    };
    const Tensor edited = FusedTower(shape_of(c), layers).forward(input).hidden;
    for (int64_t i = 0; i < batch; ++i) expect_same_bits(edited[i], i == chosen ? without[i] : plain[i]);
    EXPECT_FALSE(at::equal(edited, plain));
  }
}

TEST_F(FusedTowerTest, SaysWhatItDoesNotSupport) {
  const Tensor bf16 = at::empty({1}, at::kBFloat16), fp32 = at::empty({1});
  EXPECT_TRUE(fused_tower_supports({256, 704, 8, 4, 4}, bf16));
  EXPECT_FALSE(fused_tower_supports({256, 704, 8, 4, 4}, fp32));
  EXPECT_FALSE(fused_tower_supports({256, 704, 8, 4, 3}, bf16));
  EXPECT_FALSE(fused_tower_supports({250, 704, 8, 4, 4}, bf16));
  EXPECT_FALSE(fused_tower_supports({256, 700, 8, 4, 4}, bf16));
  EXPECT_FALSE(fused_tower_supports({256, 704, 8, 8, 8, 32}, bf16));
}

TEST_F(FusedTowerTest, RefusesWhatDoesNotFit) {
  const std::vector<TowerLayer> layers = random_layers(kPicture);
  const TowerInput input = random_input(kPicture, false);
  FusedTower tower(shape_of(kPicture), layers);
  TowerInput wrong = input;
  wrong.hidden = at::zeros({3, 64, 127});
  EXPECT_ERROR(tower.forward(wrong), InvalidArgument, "hidden must be (batch, rows, 128)");
  wrong = input;
  wrong.cosine = at::zeros({63, 32});
  EXPECT_ERROR(tower.forward(wrong), InvalidArgument, "cosine and sine");
  wrong = input;
  wrong.prefix.values = at::zeros({2, 3, 2, 31, 64}, at::kBFloat16);
  EXPECT_ERROR(tower.forward(wrong), InvalidArgument, "the prefix must be");
  wrong = input;
  wrong.first_key = at::zeros({2}, at::kLong);
  EXPECT_ERROR(tower.forward(wrong), InvalidArgument, "first_key must be (3)");
  EXPECT_ERROR(tower.accumulate_gradients_into(layers), InvalidArgument, "gradient buffers");
  std::vector<TowerLayer> few = {layers[0]};
  EXPECT_ERROR(FusedTower(shape_of(kPicture), few).forward(input), InvalidArgument, "1 layers, not 2");
}

}  // namespace
}  // namespace atelier::base
