#pragma once
/// Normal numbers of a seed.
#include "base/tensor.h"

#include <ATen/CPUGeneratorImpl.h>

#include <vector>

namespace atelier::vision {

inline Tensor gaussian(std::vector<int64_t> shape, uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::TensorOptions(at::kFloat));
}

}  // namespace atelier::vision
