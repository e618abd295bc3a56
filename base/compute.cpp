#include "base/compute.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/machine.h"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace atelier::base {
namespace {

Compute current;

/// Loads LibTorch's GPU half if it is there; its registrations make the device known.
/// @return why there is no GPU, or nothing if there is one
std::string load_cuda() {
  static const std::string problem = [] {
    const std::array<const char*, 2> drivers = {"/dev/nvidiactl", "/dev/dxg"};  // Linux, Windows' subsystem
    std::error_code ignored;
    const auto exists = [&](const char* path) { return std::filesystem::exists(path, ignored); };
    if (std::none_of(drivers.begin(), drivers.end(), exists))
      return std::string("this machine has no NVIDIA GPU, or its driver is not loaded");
    // Found by the program's own library path, beside libtorch_cpu.so. Before anything asks LibTorch for a GPU: it
    // remembers the first answer.
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
      return fmt::format("LibTorch's GPU library cannot be loaded ({})", dlerror());
    if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() == 0)
      return std::string("LibTorch finds no GPU that it can use");
    return std::string();
  }();
  return problem;
}

at::Device choose_device(const std::string& wish) {
  if (wish == "cpu") return at::kCPU;
  if (wish.empty()) return load_cuda().empty() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);

  const std::string number = wish.starts_with("cuda:") ? wish.substr(5) : "0";
  const bool is_number = !number.empty() && number.size() <= 3 && number.find_first_not_of("0123456789") == number.npos;
  REQUIRE((wish == "cuda" || wish.starts_with("cuda:")) && is_number, "device must be cpu, cuda or cuda:N, not {}",
          wish);
  const std::string problem = load_cuda();
  REQUIRE(problem.empty(), "device {} is not available: {}", wish, problem);
  const int index = std::stoi(number), count = at::detail::getCUDAHooks().deviceCount();
  REQUIRE(index < count, "device {} is not available: this machine has {} GPU{}, counted from 0", wish, count,
          count == 1 ? "" : "s");
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

at::ScalarType choose_dtype(const std::string& wish, at::Device device) {
  if (wish == "bf16") return at::kBFloat16;
  if (wish == "fp32") return at::kFloat;
  if (wish == "fp16") {
    REQUIRE(device.is_cuda(), "dtype fp16 needs a GPU; on a processor it must be bf16 or fp32");
    return at::kHalf;
  }
  REQUIRE(wish.empty(), "dtype must be bf16, fp32 or fp16, not {}", wish);
  return device.is_cuda() || processor().avx512_bf16 || processor().amx_bf16 ? at::kBFloat16 : at::kFloat;
}

int choose_threads(int wish) {
  const int most = available_processors();
  REQUIRE(wish >= 0 && wish <= most, "threads must be 1 to {} on this machine, or 0 for one a core, not {}", most,
          wish);
  return wish == 0 ? std::min(available_cores(), omp_get_max_threads()) : wish;  // the latter is OMP_NUM_THREADS, if that is set
}

}  // namespace

void initialise_compute(const ComputeOptions& options) {
  Compute chosen;
  chosen.device = choose_device(options.device);
  chosen.dtype = choose_dtype(options.dtype, chosen.device);
  chosen.threads = choose_threads(options.threads);

  install_caching_allocator();
  at::set_num_threads(chosen.threads);
  // Denormals (moments of unused parameters, far tails of a softmax) cost 100 times a normal number's time. The switch
  // belongs to a thread, so that every worker must throw it.
#pragma omp parallel num_threads(chosen.threads)
  at::globalContext().setFlushDenormal(true);
  current = chosen;
}

const Compute& compute() { return current; }

at::TensorOptions compute_options() { return at::TensorOptions(current.dtype).device(current.device); }

at::TensorOptions float_options() { return at::TensorOptions(at::kFloat).device(current.device); }

}  // namespace atelier::base
