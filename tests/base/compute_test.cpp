#include "base/allocator.h"
#include "base/error.h"
#include "base/machine.h"
#include "tests/base/compute_guard.h"
#include "tests/support.h"

#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <fstream>
#include <sstream>

namespace atelier::base {
namespace {

using tests::ComputeGuard;

bool machine_has_gpu() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg"); }

TEST(Compute, RefusesWhatThereIsNot) {
  EXPECT_ERROR(initialise_compute({.device = "tpu", .dtype = ""}), InvalidArgument,
               "device must be cpu, cuda or cuda:N, not tpu");
  EXPECT_ERROR(initialise_compute({.device = "cuda:", .dtype = ""}), InvalidArgument, "device must be");
  EXPECT_ERROR(initialise_compute({.device = "cuda:-1", .dtype = ""}), InvalidArgument, "device must be");
  EXPECT_ERROR(initialise_compute({.device = "cuda0", .dtype = ""}), InvalidArgument, "device must be");
  EXPECT_ERROR(initialise_compute({.device = "cpu", .dtype = "int8"}), InvalidArgument, "bf16, fp32 or fp16, not int8");
  EXPECT_ERROR(initialise_compute({.device = "cpu", .dtype = "fp16"}), InvalidArgument, "needs a GPU");
  EXPECT_ERROR(initialise_compute({.device = "cpu", .dtype = "", .threads = -1}), InvalidArgument, "not -1");
  EXPECT_ERROR(initialise_compute({.device = "cpu", .dtype = "", .threads = 1000000}), InvalidArgument,
               "threads must be 1 to");
  if (!machine_has_gpu())
    EXPECT_ERROR(initialise_compute({.device = "cuda", .dtype = ""}), InvalidArgument, "has no NVIDIA GPU");
}

TEST(Compute, ARefusedChoiceChangesNothing) {
  const ComputeGuard guard({.device = "cpu", .dtype = "bf16", .threads = 1});
  EXPECT_THROW(initialise_compute({.device = "cpu", .dtype = "fp32", .threads = 1000000}), InvalidArgument);
  EXPECT_EQ(compute().dtype, at::kBFloat16);
}

TEST(Compute, ChoosesForThisProcessor) {
  const ComputeGuard guard({.device = "cpu", .dtype = ""});
  EXPECT_EQ(compute().dtype, processor().avx512_bf16 ? at::kBFloat16 : at::kFloat);
  EXPECT_GE(compute().threads, 1);
  EXPECT_LE(compute().threads, available_processors());
  EXPECT_EQ(at::get_num_threads(), compute().threads);
  EXPECT_EQ(at::empty({1}, compute_options()).scalar_type(), compute().dtype);
  EXPECT_EQ(at::empty({1}, float_options()).scalar_type(), at::kFloat);
}

// The kernel's list of features comes from the same registers by another way.
TEST(Processor, AgreesWithTheKernel) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("flags")) {}
  if (!line.starts_with("flags")) GTEST_SKIP() << "no x86 processor";
  const auto has = [&](const std::string& flag) { return (line + " ").find(" " + flag + " ") != std::string::npos; };
  EXPECT_EQ(processor().avx2, has("avx2") && has("fma"));
  EXPECT_EQ(processor().avx512, has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl"));
  EXPECT_EQ(processor().avx512_bf16, has("avx512_bf16"));
  EXPECT_LE(processor().amx_bf16, has("amx_bf16"));  // the kernel may refuse the permission
  EXPECT_FALSE(processor().name.empty());
}

// Subnormal numbers are slow; every worker must treat them as zero, not the first thread alone.
TEST(Compute, FlushesDenormalsInEveryThread) {
  const ComputeGuard guard({.device = "cpu", .dtype = "", .threads = available_processors()});
  const Tensor tiny = at::full({1 << 22}, 1e-38f);
  EXPECT_EQ((tiny * 1e-2f).count_nonzero().item<int64_t>(), 0);
}

#if !defined(__SANITIZE_ADDRESS__)

TEST(CachingAllocator, GivesAFreedBlockToTheNextTensorOfItsSize) {
  install_caching_allocator();
  for (const int64_t numbers : {20'000, 1'000'000, 20'000'000}) {
    const void* const first = at::empty({numbers}).data_ptr();
    EXPECT_EQ(at::empty({numbers - numbers / 100}).data_ptr(), first) << numbers;
  }
}

TEST(CachingAllocator, BlocksAreAlignedAndApart) {
  install_caching_allocator();
  std::vector<Tensor> tensors;
  for (int64_t numbers = 1; numbers < 3'000'000; numbers += 1 + numbers / 2) {
    tensors.push_back(at::full({numbers}, static_cast<double>(tensors.size())));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensors.back().data_ptr()) % 64, 0u);
  }
  for (size_t i = 0; i < tensors.size(); ++i) EXPECT_TRUE((tensors[i] == static_cast<double>(i)).all().item<bool>());
}

TEST(CachingAllocator, KeepsWhatIsFreedUntilReleased) {
  install_caching_allocator();
  release_cached_memory();
  EXPECT_EQ(cached_bytes(), 0);
  { const Tensor t = at::empty({1'000'000}); }
  EXPECT_GE(cached_bytes(), 4'000'000);
  EXPECT_LE(cached_bytes(), 4'600'000);  // an eighth more at most
  release_cached_memory();
  EXPECT_EQ(cached_bytes(), 0);
}

// With a limit that leaves no room for a second large block, the first one must be given back for it.
TEST(CachingAllocatorDeathTest, GivesItsListsBackWhenMemoryRunsOut) {
  install_caching_allocator();
  const auto run = [] {
    { const Tensor t = at::zeros({64'000'000}); }  // 256 MB
    int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t limit = static_cast<rlim_t>(pages) * 4096 + (rlim_t{64} << 20);
    const rlimit address_space = {limit, limit};
    setrlimit(RLIMIT_AS, &address_space);
    { const Tensor t = at::empty({40'000'000}); }  // 160 MB
    try {
      at::empty({400'000'000});
    } catch (const std::bad_alloc&) {
      _exit(7);
    }
    _exit(1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(7), "");
}

TEST(CachingAllocator, RefusesWhatNoMachineHas) {
  install_caching_allocator();
  EXPECT_ANY_THROW(at::empty({int64_t{1} << 58}));
}

#endif

}  // namespace
}  // namespace atelier::base
