#pragma once
/// The part of LibTorch that everything here is written with: tensors, operators, custom autograd functions.
///
/// torch/torch.h is left out on purpose: it takes 15 s a file to compile, and its nn modules keep names, devices and
/// dtypes in their own way where base/parameters.h keeps ours.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace atelier {
using at::Tensor;
}
