#pragma once
/// Where and in which precision this process computes: decided once, at start, asked for everywhere.
///
/// A processor with AMX or AVX512-BF16 computes in bf16, any other in fp32 (bf16 without a bf16 unit is 10 times
/// slower than fp32: docs of the wheel's oneDNN, measured 17 GFLOP/s); a GPU computes in bf16.
#include "base/tensor.h"

#include <optional>
#include <string>

namespace atelier::base {

/// What `--device`, `--dtype` and `--threads` may say; empty or 0 means: choose for this machine.
struct ComputeOptions {
  std::string device;  // "", "cpu", "cuda", "cuda:N"
  std::string dtype;   // "", "bf16", "fp32", "fp16"
  int threads = 0;     // 0: one a physical core, or OMP_NUM_THREADS if that is fewer
};

struct Compute {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  // of matrices and activations; vectors (norms, biases) stay fp32
  int threads = 1;
};

/// Processor features that choose between code paths. Read once from CPUID (and XGETBV / arch_prctl for AMX).
struct Processor {
  std::string name;
  bool avx2 = false, avx512 = false, avx512_bf16 = false, amx_bf16 = false;
};
const Processor& processor();

/// Chooses device, dtype and threads, installs the caching CPU allocator, asks the kernel for AMX.
/// Called once by main() before any tensor exists; a second call with other options replaces the choice (tests).
/// @throws InvalidArgument for a device, dtype or thread count that this machine does not have
void initialise_compute(const ComputeOptions& options);

/// The choice in force; the defaults of `Compute` before initialise_compute.
const Compute& compute();

/// Options of a new tensor in the compute dtype, or in fp32, on the compute device.
at::TensorOptions compute_options();
at::TensorOptions float_options();

}  // namespace atelier::base
