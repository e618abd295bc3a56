#pragma once
/// The part of LibTorch that everything here is written with: tensors and operators.
///
/// torch/torch.h is left out on purpose: it takes 15 s a file to compile, and its nn modules keep names, devices and
/// dtypes in their own way where base/parameters.h keeps ours. The few files that define an autograd function include
/// torch/csrc/autograd/custom_function.h themselves: even precompiled it would cost every file 2.4 s.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace atelier {
using at::Tensor;
}
