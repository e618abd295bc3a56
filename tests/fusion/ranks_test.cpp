// Data-parallel training: two live processes over Gloo give the gradients of one with the same global batch.
#include "base/distributed.h"

#include "base/error.h"
#include "fusion/train/fusion_trainer.h"
#include "tests/fusion/tiny_model.h"
#include "tests/fusion/tiny_pack.h"
#include "tests/support.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>

extern char** environ;

namespace atelier::fusion {
namespace {

using tests::kIds, tests::TinyModel;
using ::atelier::tests::TemporaryFolder;

// The summed gradient of one step, as a trainer sees it before the optimiser moves.
Tensor gradient_of_one_step(const std::filesystem::path& pack_path, const base::Ranks& ranks) {
  const Pack pack(pack_path);
  TinyModel tiny;
  FusionTrainConfig config;
  config.model = tiny.config;
  config.batch = 10;
  config.documents = 2;
  config.infill = 0.2;
  base::Optimizer optimizer(tiny.parameters, config.optimizer);
  accumulate_gradients(*tiny.model, config, make_batch(pack, config, kIds, 3, ranks), optimizer);
  Tensor gradient = optimizer.gradient();
  ranks.sum(gradient);
  return gradient;
}

// One of the two processes; skipped in the main one.
TEST(Ranks, Worker) {
  const char* folder = std::getenv("ATELIER_TEST_RANKS");
  if (!folder) GTEST_SKIP() << "started by TwoRanksGiveTheGradientsOfOne";
  const base::Ranks ranks = base::Ranks::from_environment();
  const std::filesystem::path path = folder;
  const Tensor gradient = gradient_of_one_step(path / "pack.safetensors", ranks);
  base::write_safetensors(path / fmt::format("gradient_{}.safetensors", ranks.rank()), {{"gradient", gradient}});
}

pid_t start_rank(int rank, const std::filesystem::path& folder, int port) {
  std::vector<std::string> environment = {"RANK=" + std::to_string(rank), "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                                          "MASTER_PORT=" + std::to_string(port), "ATELIER_TEST_RANKS=" + folder.string(), "OMP_NUM_THREADS=1"};
  for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
  std::vector<char*> pointers;
  for (std::string& entry : environment) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=Ranks.Worker";
  char* arguments[] = {const_cast<char*>(program.c_str()), filter.data(), nullptr};
  pid_t pid = 0;
  EXPECT_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, pointers.data()), 0);
  return pid;
}

TEST(Ranks, TwoRanksGiveTheGradientsOfOne) {
  const TemporaryFolder folder;
  tests::write_tiny_pack(folder / "pack.safetensors");
  const int port = 20000 + static_cast<int>(getpid() % 20000);
  const pid_t pids[] = {start_rank(0, folder.path(), port), start_rank(1, folder.path(), port)};
  for (const pid_t pid : pids) {
    int status = 0;
    waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const Tensor expected = gradient_of_one_step(folder / "pack.safetensors", {});
  const double scale = expected.abs().max().item<double>();
  ASSERT_GT(scale, 0);
  for (int rank = 0; rank < 2; ++rank) {
    const Tensor gradient = base::Safetensors(folder / fmt::format("gradient_{}.safetensors", rank)).read("gradient");
    // The same sums in another order.
    EXPECT_LT((gradient - expected).abs().max().item<double>(), 1e-5 * scale) << "rank " << rank;
  }
}

TEST(Ranks, AlonePlaysNoPart) {
  const base::Ranks ranks;
  EXPECT_TRUE(ranks.first());
  EXPECT_EQ(ranks.share(10), (std::pair<int64_t, int64_t>{0, 10}));
  Tensor x = at::ones({3});
  ranks.sum(x);
  EXPECT_TRUE(at::equal(x, at::ones({3})));
}

TEST(Ranks, RefusesAnEnvironmentThatContradictsItself) {
  const auto with = [](const char* rank, const char* size, const char* port) {
    setenv("RANK", rank, 1);
    setenv("WORLD_SIZE", size, 1);
    setenv("MASTER_PORT", port, 1);
  };
  with("2", "2", "1234");
  EXPECT_ERROR(base::Ranks::from_environment(), base::InvalidArgument, "RANK must be 0 to WORLD_SIZE - 1 (1), not 2");
  with("0", "two", "1234");
  EXPECT_ERROR(base::Ranks::from_environment(), base::InvalidArgument, "WORLD_SIZE must be a whole number, not \"two\"");
  with("0", "2", "0");
  EXPECT_ERROR(base::Ranks::from_environment(), base::InvalidArgument, "MASTER_ADDR and MASTER_PORT");
  unsetenv("RANK");
  unsetenv("WORLD_SIZE");
  unsetenv("MASTER_PORT");
}

}  // namespace
}  // namespace atelier::fusion
