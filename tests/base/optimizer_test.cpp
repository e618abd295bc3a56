#include "base/optimizer.h"

#include "base/random.h"
#include "tests/base/compute_guard.h"
#include "tests/support.h"

#include <torch/optim/adamw.h>

#include <cmath>
#include <limits>

namespace atelier::base {
namespace {

using tests::ComputeGuard;
using tests::TemporaryFolder;

/// No warm-up, no decay of the rate, no clipping.
OptimizerConfig plain() {
  OptimizerConfig c;
  c.warmup_steps = 0;
  c.decay_fraction = 0;
  c.clip_norm = 0;
  return c;
}

/// Two matrices and a vector, drawn; `leaves` are what a module would hold.
struct Toy {
  Parameters parameters = Parameters::fresh(3);
  Tensor a = parameters.make("a", {6, 5}, normal(1));
  Tensor bias = parameters.make("bias", {7}, normal(1));
  Tensor b = parameters.make("b", {5, 7}, normal(1));

  Tensor loss(uint64_t key) const {
    const Tensor x = at::randn({11, 6}, generator(key)).to(a.scalar_type());
    return (at::tanh(at::matmul(at::matmul(x, a), b).to(at::kFloat) + bias) - 0.3).square().mean();
  }
};

Tensor named(const NamedTensors& tensors, const std::string& name) {
  for (const auto& [n, t] : tensors)
    if (n == name) return t;
  ADD_FAILURE() << "there is no " << name;
  return {};
}

TEST(RateAt, WarmsUpHoldsAndDecays) {
  OptimizerConfig c;
  c.warmup_steps = 10;
  c.total_steps = 100;
  c.decay_fraction = 0.3;
  c.final_rate = 0.1;
  EXPECT_DOUBLE_EQ(rate_at(c, 0), 0.1);
  EXPECT_DOUBLE_EQ(rate_at(c, 9), 1);
  EXPECT_DOUBLE_EQ(rate_at(c, 70), 1);
  EXPECT_DOUBLE_EQ(rate_at(c, 85), 0.55);
  EXPECT_DOUBLE_EQ(rate_at(c, 100), 0.1);
  EXPECT_DOUBLE_EQ(rate_at(c, 500), 0.1);
}

TEST(Optimizer, StepsAsTorchsAdamW) {
  Toy model;
  std::vector<Tensor> reference;
  for (const auto& [name, tensor] : model.parameters.all()) reference.push_back(tensor.clone().set_requires_grad(true));
  // Vectors are not decayed, which torch says by groups.
  const auto group = [](std::vector<Tensor> tensors, double decay) {
    auto options = std::make_unique<torch::optim::AdamWOptions>(1e-2);
    options->betas({0.9, 0.98}).weight_decay(decay);
    return torch::optim::OptimizerParamGroup(std::move(tensors), std::move(options));
  };
  torch::optim::AdamW theirs({group({reference[0], reference[2]}, 0.1), group({reference[1]}, 0)});

  OptimizerConfig config = plain();
  config.learning_rate = 1e-2;
  config.weight_decay = 0.1;
  Optimizer ours(model.parameters, config);
  for (uint64_t step = 0; step < 30; ++step) {
    model.loss(step).backward();
    size_t i = 0;
    for (const auto& [name, leaf] : model.parameters.all()) reference[i++].mutable_grad() = leaf.grad().clone();
    ours.collect_gradients();
    ours.step();
    theirs.step();
    i = 0;
    for (const auto& [name, master] : ours.masters())
      ASSERT_LT((master - reference[i++]).abs().max().item<double>(), 2e-6) << name << " at step " << step;
  }
}

TEST(Optimizer, LeavesAreTheModulesOwnTensorsInTheComputeDtype) {
  const ComputeGuard guard({.device = "cpu", .dtype = "bf16"});
  Toy model;
  const Tensor before = model.a.clone();
  Optimizer optimizer(model.parameters, plain(), [](const std::string& name) { return name == "b"; });
  EXPECT_EQ(model.a.scalar_type(), at::kBFloat16);
  EXPECT_EQ(model.bias.scalar_type(), at::kFloat);
  EXPECT_TRUE(model.a.requires_grad() && model.a.is_leaf());
  EXPECT_TRUE(named(optimizer.masters(), "a").equal(before));
  const auto version = model.a._version();
  model.loss(0).backward();
  optimizer.collect_gradients();
  EXPECT_FALSE(model.a.grad().defined());
  optimizer.step();
  EXPECT_GT(model.a._version(), version);
  for (const auto& [name, master] : optimizer.masters()) {
    const Tensor leaf = named(model.parameters.all(), name);
    EXPECT_TRUE(leaf.detach().equal(master.to(leaf.scalar_type()))) << name;
  }
  EXPECT_FALSE(named(optimizer.masters(), "a").equal(before));
  EXPECT_FALSE(named(optimizer.masters(), "b").equal(Toy().b));
}

TEST(Optimizer, GradientsAddUpUntilTheStep) {
  Toy model;
  Optimizer optimizer(model.parameters, plain());
  model.loss(0).backward();
  const Tensor first = model.a.grad().clone();
  optimizer.collect_gradients();
  model.loss(1).backward();
  const Tensor second = model.a.grad().clone();
  optimizer.collect_gradients();
  EXPECT_TRUE(optimizer.gradient("a").equal(first + second));
  EXPECT_EQ(optimizer.gradient("a").sizes(), model.a.sizes());
  EXPECT_TRUE(optimizer.gradient("a").is_alias_of(optimizer.gradient()));
  optimizer.step();
  EXPECT_EQ(optimizer.gradient().count_nonzero().item<int64_t>(), 0);
}

TEST(Optimizer, ClippingBoundsTheWholeGradient) {
  OptimizerConfig config = plain();
  config.clip_norm = 0.5;
  config.epsilon = 1;  // so that the update depends on the gradient's length
  Toy clipped, scaled;
  Optimizer a(clipped.parameters, config), b(scaled.parameters, config);
  a.gradient("a").fill_(3);
  a.gradient("bias").fill_(4);
  const double norm = std::sqrt(30 * 9 + 7 * 16);
  b.gradient("a").fill_(3 * 0.5 / norm);
  b.gradient("bias").fill_(4 * 0.5 / norm);
  EXPECT_NEAR(a.step(), norm, 1e-4);
  EXPECT_NEAR(b.step(), 0.5, 1e-6);
  for (const auto& [name, master] : a.masters())
    EXPECT_TRUE(at::allclose(master, named(b.masters(), name), 0, 1e-7)) << name;
}

TEST(Optimizer, VectorsAreNotDecayed) {
  OptimizerConfig config = plain();
  config.weight_decay = 0.5;
  config.learning_rate = 0.1;
  Toy model;
  const Tensor a = model.a.clone(), bias = model.bias.clone();
  Optimizer optimizer(model.parameters, config);
  optimizer.step();  // without a gradient decay is all there is
  EXPECT_TRUE(at::allclose(named(optimizer.masters(), "a"), a * 0.95));
  EXPECT_TRUE(named(optimizer.masters(), "bias").equal(bias));
}

TEST(Optimizer, AveragesFollowWithABoundAtTheStart) {
  OptimizerConfig config = plain();
  config.ema_decay = 0.3;
  Toy model;
  Optimizer optimizer(model.parameters, config);
  Tensor expected = model.a.detach().clone();
  for (int step = 0; step < 6; ++step) {
    model.loss(static_cast<uint64_t>(step)).backward();
    optimizer.collect_gradients();
    optimizer.step();
    const double decay = std::min(0.3, (1.0 + step) / (10.0 + step));  // the bound acts until step 2
    expected = decay * expected + (1 - decay) * named(optimizer.masters(), "a");
    EXPECT_TRUE(at::allclose(named(optimizer.averages(), "a"), expected, 1e-6, 1e-6)) << step;
  }
  const Tensor leaf = model.a.detach().clone();
  {
    const Optimizer::Averaged averaged(optimizer);
    EXPECT_TRUE(model.a.detach().equal(named(optimizer.averages(), "a")));
    EXPECT_TRUE(model.bias.detach().equal(named(optimizer.averages(), "bias")));
  }
  EXPECT_TRUE(model.a.detach().equal(leaf));
}

TEST(Optimizer, AGradientThatIsNotFiniteChangesNothing) {
  Toy model;
  Optimizer optimizer(model.parameters, plain());
  const NamedTensors before = optimizer.masters();
  optimizer.gradient("b")[2][3] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(optimizer.step()));
  for (const auto& [name, master] : before) EXPECT_TRUE(named(optimizer.masters(), name).equal(master));
  EXPECT_EQ(optimizer.gradient().count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(optimizer.steps(), 1);
}

// Sums are made over a fixed grid of blocks.
TEST(Optimizer, ThreadsDoNotChangeABit) {
  const auto train = [](int threads) {
    const ComputeGuard guard({.device = "cpu", .dtype = "fp32", .threads = threads});
    Parameters parameters = Parameters::fresh(1);
    parameters.make("large", {300, 500}, normal(1));
    Optimizer optimizer(parameters, {});
    for (uint64_t step = 0; step < 3; ++step) {
      optimizer.gradient("large").normal_(0, 1, generator(step));
      optimizer.step();
    }
    return optimizer.masters()[0].second;
  };
  EXPECT_TRUE(train(1).equal(train(0)));
}

TEST(Optimizer, RefusesAnotherModelsState) {
  const TemporaryFolder folder;
  Toy model;
  const auto is_b = [](const std::string& name) { return name == "b"; };
  Optimizer optimizer(model.parameters, plain(), is_b);
  write_safetensors(folder / "state.safetensors", optimizer.state());
  const Safetensors file(folder / "state.safetensors");

  Toy other;
  Optimizer without_muon(other.parameters, plain());
  EXPECT_ERROR(without_muon.load_state(file), InvalidFile, "there is no exp_avg.b");
  Parameters larger = Parameters::fresh(3);
  larger.make("a", {6, 6}, normal(1));
  Optimizer another_shape(larger, plain());
  EXPECT_ERROR(another_shape.load_state(file), InvalidFile, "master.a is Float [6, 5], expected Float [6, 6]");
  Parameters smaller = Parameters::fresh(3);
  smaller.make("a", {6, 5}, normal(1));
  Optimizer fewer(smaller, plain());
  EXPECT_ERROR(fewer.load_state(file), InvalidFile, "it has 12 tensors, expected 5");
}

TEST(Optimizer, RefusesAMomentumOfOne) {
  OptimizerConfig config = plain();
  config.beta2 = 1;
  Toy model;
  EXPECT_ERROR(Optimizer(model.parameters, config), InvalidArgument, "must be less than 1");
}

}  // namespace
}  // namespace atelier::base
