#include "base/parameters.h"

#include "base/error.h"
#include "tests/base/compute_guard.h"
#include "tests/support.h"

#include <limits>

namespace atelier::base {
namespace {

using tests::ComputeGuard;
using tests::TemporaryFolder;

TEST(Parameters, AddingOneChangesNoOther) {
  Parameters a = Parameters::fresh(7), b = Parameters::fresh(7);
  const Scope in_a = a.root() / "layers" / 3, in_b = b.root() / "layers" / 3;
  const Tensor x = in_a("weight", {4, 5}, normal(0.02));
  in_b("added", {64}, normal(1));
  EXPECT_TRUE(in_b("weight", {4, 5}, normal(0.02)).equal(x));
  EXPECT_EQ(b.all()[1].first, "layers.3.weight");
  EXPECT_FALSE((a.root() / "layers" / 2)("weight", {4, 5}, normal(0.02)).equal(x));
  EXPECT_FALSE((Parameters::fresh(8).root() / "layers" / 3)("weight", {4, 5}, normal(0.02)).equal(x));
  EXPECT_EQ(a.count(), 40);
}

TEST(Parameters, AreDrawnAsAskedFor) {
  const ComputeGuard guard({.device = "cpu", .dtype = "bf16"});
  Parameters p = Parameters::fresh(0);
  const Scope root = p.root();
  const Tensor n = root("normal", {300, 300}, normal(0.02));
  EXPECT_EQ(n.scalar_type(), at::kFloat);  // masters are fp32 whatever is computed in
  EXPECT_NEAR(n.std().item<double>(), 0.02, 3e-4);
  EXPECT_NEAR(n.mean().item<double>(), 0, 3e-4);
  const Tensor u = root("uniform", {300, 300}, uniform(0.5));
  EXPECT_LE(u.abs().max().item<double>(), 0.5);
  EXPECT_NEAR(u.std().item<double>(), 1 / std::sqrt(12.0), 3e-3);
  EXPECT_TRUE(root("ones", {3}, ones()).equal(at::ones({3})));
  EXPECT_TRUE(root("zeros", {}, zeros()).equal(at::zeros({})));
  EXPECT_TRUE(p.available("anything"));
  EXPECT_THROW(root("ones", {3}, ones()), std::logic_error);
}

TEST(Parameters, AreReadInTheComputeDtype) {
  const ComputeGuard guard({.device = "cpu", .dtype = "bf16"});
  const TemporaryFolder folder;
  const Tensor matrix = at::randn({3, 4}), vector = at::randn({4}).to(at::kBFloat16);
  write_safetensors(folder / "w.safetensors", {{"a.matrix", matrix}, {"a.vector", vector}});
  const Weights weights(folder / "w.safetensors");

  Parameters p = Parameters::read(weights);
  const Scope a = p.root() / "a";
  EXPECT_TRUE(a("matrix", {3, 4}, zeros()).equal(matrix.to(at::kBFloat16)));
  EXPECT_TRUE(a("vector", {4}, zeros()).equal(vector.to(at::kFloat)));
  EXPECT_TRUE(a.available("vector"));
  EXPECT_FALSE(a.available("bias"));
  Parameters floats = Parameters::read_float(weights);
  EXPECT_TRUE(floats.make("a.matrix", {3, 4}, zeros()).equal(matrix));
}

TEST(Parameters, RefusesFilesThatDoNotFit) {
  const TemporaryFolder folder;
  const Tensor broken = at::ones({2, 2});
  broken[1][0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor infinite = at::ones({2}) / 0;
  write_safetensors(folder / "w.safetensors", {{"good", at::ones({2, 3})},
                                               {"nan", broken},
                                               {"infinite", infinite},
                                               {"whole", at::ones({2}, at::kLong)}});
  const Weights weights(folder / "w.safetensors");
  Parameters p = Parameters::read(weights);
  EXPECT_ERROR(p.make("missing", {1}, zeros()), InvalidFile, "there is no missing");
  EXPECT_ERROR(p.make("good", {3, 2}, zeros()), InvalidFile, "good has shape [2, 3], expected [3, 2]");
  EXPECT_ERROR(p.make("nan", {2, 2}, zeros()), InvalidFile, "nan has a value that is not finite");
  EXPECT_ERROR(p.make("infinite", {2}, zeros()), InvalidFile, "infinite has a value that is not finite");
  EXPECT_ERROR(p.make("whole", {2}, zeros()), InvalidFile, "whole holds Long, expected floating point");
}

}  // namespace
}  // namespace atelier::base
