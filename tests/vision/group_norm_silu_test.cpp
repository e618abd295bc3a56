#include "vision/group_norm_silu.h"

#include "base/compute.h"
#include "tests/vision/gaussian.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace atelier::vision {
namespace {

struct Results {
  Tensor y, dx, dgamma, dbeta;
};

using Operation = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)>;

Results run(const Operation& operation, const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& dy) {
  const Tensor leaf = x.detach().clone().requires_grad_(true);
  const Tensor g = gamma.detach().clone().requires_grad_(true), b = beta.detach().clone().requires_grad_(true);
  const Tensor y = operation(leaf, g, b);
  y.backward(dy.to(y.scalar_type()));
  return {y.detach(), leaf.grad(), g.grad(), b.grad()};
}

double relative(const Tensor& a, const Tensor& b) {
  return ((a.to(at::kDouble) - b.to(at::kDouble)).norm() / b.to(at::kDouble).norm()).item<double>();
}

struct Shape {
  int64_t batch, channels, height, width, groups;
};

class FusedGroupNorm : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (!base::processor().avx512_bf16) GTEST_SKIP() << "this processor has no AVX512-BF16";
    const Shape s = GetParam();
    // A mean far from zero and per-channel scales: what cancels badly in one-pass statistics.
    x_ = (gaussian({s.batch, s.channels, s.height, s.width}, 1) * (gaussian({s.channels, 1, 1}, 2).abs() + 0.2) + 3)
             .to(at::kBFloat16)
             .contiguous(at::MemoryFormat::ChannelsLast);
    gamma_ = gaussian({s.channels}, 3) + 1;
    beta_ = gaussian({s.channels}, 4);
    dy_ = gaussian({s.batch, s.channels, s.height, s.width}, 5).to(at::kBFloat16);
  }

  // bf16 keeps 8 bits (2e-3 rms); the kernel's sums are fp32, so gradients of the affine parameters are nearly exact.
  void expect_equal(bool silu) {
    const int64_t groups = GetParam().groups;
    const Results kernel = run(
        [&](auto& x, auto& g, auto& b) { return silu ? group_norm_silu(x, g, b, groups) : group_norm(x, g, b, groups); },
        x_, gamma_, beta_, dy_);
    const Results exact = run(
        [&](auto& x, auto& g, auto& b) {
          const Tensor y = at::group_norm(x, groups, g, b, 1e-5);
          return silu ? at::silu(y) : y;
        },
        x_.to(at::kFloat), gamma_, beta_, dy_.to(at::kFloat));
    EXPECT_EQ(kernel.y.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(kernel.y.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_EQ(kernel.dgamma.scalar_type(), at::kFloat);
    EXPECT_LT(relative(kernel.y, exact.y), 2.5e-3);
    EXPECT_LT(relative(kernel.dx, exact.dx), 3e-3);
    EXPECT_LT(relative(kernel.dgamma, exact.dgamma), 5e-4);
    EXPECT_LT(relative(kernel.dbeta, exact.dbeta), 5e-4);
  }

  Tensor x_, gamma_, beta_, dy_;
};

TEST_P(FusedGroupNorm, EqualsAtenInFloat) { expect_equal(false); }
TEST_P(FusedGroupNorm, WithSiluEqualsAtenInFloat) { expect_equal(true); }

TEST_P(FusedGroupNorm, APictureIsTheSameBitsInAnyBatchAndOnAnyNumberOfThreads) {
  const int64_t groups = GetParam().groups;
  const Tensor together = group_norm_silu(x_, gamma_, beta_, groups);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  for (int64_t n = 0; n < x_.size(0); ++n) {
    EXPECT_TRUE(at::equal(group_norm_silu(x_.narrow(0, n, 1), gamma_, beta_, groups), together.narrow(0, n, 1)));
  }
  at::set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedGroupNorm,
                         ::testing::Values(Shape{2, 64, 16, 16, 32}, Shape{3, 192, 7, 5, 32}, Shape{1, 16, 1, 3, 1},
                                           Shape{2, 16, 9, 9, 16}, Shape{1, 80, 33, 8, 5}, Shape{2, 640, 4, 4, 32}));

// Channel counts that do not fill a register, other dtypes and other strides take the general path or are rearranged.
TEST(GroupNormSilu, AnyShapeAndStrideIsComputed) {
  const Tensor x = gaussian({2, 24, 6, 5}, 1), gamma = gaussian({24}, 2), beta = gaussian({24}, 3);
  const Tensor exact = at::silu(at::group_norm(x, 4, gamma, beta, 1e-5));
  EXPECT_LT(relative(group_norm_silu(x, gamma, beta, 4), exact), 1e-6);
  EXPECT_LT(relative(group_norm_silu(x.to(at::kBFloat16), gamma, beta, 4), exact), 2e-2);

  const Tensor wide = gaussian({2, 32, 6, 5}, 1).to(at::kBFloat16), one = at::ones({32}), zero = at::zeros({32});
  const Tensor transposed = wide.transpose(2, 3).contiguous().transpose(2, 3);
  EXPECT_TRUE(at::equal(group_norm_silu(wide, one, zero, 4), group_norm_silu(transposed, one, zero, 4)));
}

TEST(GroupNormSilu, WorksInInferenceMode) {
  const c10::InferenceMode inference;
  const Tensor x = at::ones({1, 32, 4, 4}, at::kBFloat16);
  EXPECT_TRUE(at::isfinite(group_norm_silu(x, at::ones({32}), at::zeros({32}), 4)).all().item<bool>());
}

}  // namespace
}  // namespace atelier::vision
