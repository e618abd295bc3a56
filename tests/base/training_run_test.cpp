#include "base/training_run.h"

#include "base/files.h"
#include "base/progress.h"
#include "base/random.h"
#include "tests/base/compute_guard.h"
#include "tests/support.h"

#include <csignal>
#include <sstream>

namespace atelier::base {
namespace {

using tests::ComputeGuard;
using tests::TemporaryFolder;

OptimizerConfig small(int64_t total_steps = 40) {
  OptimizerConfig c;
  c.warmup_steps = 5;
  c.total_steps = total_steps;
  return c;
}

/// A regression of two layers, built anew as a new process would; draws are keyed by the step.
struct Session {
  Parameters parameters = Parameters::fresh(1);
  Tensor first = parameters.make("first", {16, 24}, normal(0.2));
  Tensor bias = parameters.make("bias", {24}, zeros());
  Tensor second = parameters.make("second", {24, 8}, normal(0.2));
  Optimizer optimizer;
  TrainingRun run;

  Session(const RunOptions& options, const OptimizerConfig& config)
      : optimizer(parameters, config, [](const std::string& name) { return name == "first"; }),
        run(options, optimizer, {{"optimizer", write_config(config)}, {"seed", 1}}) {}

  void train(int64_t until = 1000) {
    while (optimizer.steps() < until && run.proceed()) {
      const auto key = static_cast<uint64_t>(optimizer.steps());
      const Tensor x = at::randn({32, 16}, generator(9, key)).to(first.scalar_type());
      const Tensor hidden = at::tanh(at::matmul(x, first) + bias.to(first.scalar_type()));
      (at::matmul(hidden, second).to(at::kFloat) - x.narrow(1, 0, 8).to(at::kFloat)).square().mean().backward();
      optimizer.collect_gradients();
      const double norm = optimizer.step();
      run.report({{"norm", norm}});
    }
  }
};

constexpr double kEveryStep = 1e-9;  // minutes between checkpoints

std::vector<json> lines_of(const fs::path& path) {
  std::vector<json> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

class TrainingRunTest : public testing::Test {
 protected:
  TrainingRunTest() { set_quiet(true); }
  ~TrainingRunTest() override { set_quiet(false); }
  TemporaryFolder folder_;
};

class Resume : public TrainingRunTest, public testing::WithParamInterface<const char*> {};

// Killed after step 17, of which the last checkpoint knows nothing.
TEST_P(Resume, AfterAKillEqualsAnUnbrokenRunBitForBit) {
  const ComputeGuard guard({.device = "cpu", .dtype = GetParam()});
  Session unbroken({.folder = folder_ / "unbroken"}, small());
  unbroken.train();
  EXPECT_EQ(unbroken.optimizer.steps(), 40);
  {
    Session killed({.folder = folder_ / "killed", .checkpoint_minutes = kEveryStep}, small());
    killed.train(17);
  }
  Session resumed({.folder = folder_ / "killed"}, small());
  EXPECT_EQ(resumed.optimizer.steps(), 16);
  resumed.train();
  EXPECT_EQ(resumed.optimizer.steps(), 40);

  const NamedTensors ours = resumed.optimizer.state(), theirs = unbroken.optimizer.state();
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(ours[i].second.equal(theirs[i].second)) << ours[i].first;
  EXPECT_TRUE(resumed.first.equal(unbroken.first));

  const auto metrics = lines_of(folder_ / "killed" / "metrics.jsonl");
  const auto whole = lines_of(folder_ / "unbroken" / "metrics.jsonl");
  ASSERT_EQ(metrics.size(), 40u);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(metrics[i]["step"], i + 1);
    EXPECT_EQ(metrics[i]["norm"], whole[i]["norm"]);
  }
}

INSTANTIATE_TEST_SUITE_P(TrainingRun, Resume, testing::Values("fp32", "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(TrainingRunTest, RefusesAnotherConfigByNamingWhatDiffers) {
  Session({.folder = folder_.path()}, small(3)).train();
  OptimizerConfig other = small(3);
  other.learning_rate = 0.5;
  other.clip_norm = 2;
  EXPECT_ERROR(Session({.folder = folder_.path()}, other), InvalidFile,
               "optimizer.clip_norm (was 1.0, now 2.0), optimizer.learning_rate (was 0.001, now 0.5)");
  Session unchanged({.folder = folder_.path()}, small(3));
  EXPECT_EQ(unchanged.optimizer.steps(), 3);
  EXPECT_FALSE(unchanged.run.proceed());
}

TEST_F(TrainingRunTest, MayBeMadeLonger) {
  Session({.folder = folder_.path()}, small(3)).train();
  Session longer({.folder = folder_.path()}, small(5));
  longer.train();
  EXPECT_EQ(longer.optimizer.steps(), 5);
  EXPECT_EQ(read_json(folder_ / "config.json")["optimizer"]["total_steps"], 5);
}

TEST_F(TrainingRunTest, StopsWhenTimeIsUpWithACheckpoint) {
  const double a_tenth_of_a_second = 0.1 / 60;
  int64_t steps = 0;
  {
    Session session({.folder = folder_.path(), .minutes = a_tenth_of_a_second}, small(100'000'000));
    session.train(100'000'000);
    steps = session.optimizer.steps();
    EXPECT_GE(session.run.seconds(), 0.1);
    EXPECT_GT(steps, 0);
  }
  Session resumed({.folder = folder_.path()}, small(100'000'000));
  EXPECT_EQ(resumed.optimizer.steps(), steps);
  EXPECT_GE(resumed.run.seconds(), 0.1);
}

TEST_F(TrainingRunTest, AHalfWrittenLineOfMetricsIsDropped) {
  { Session({.folder = folder_.path(), .checkpoint_minutes = kEveryStep}, small()).train(3); }
  write_file(folder_ / "metrics.jsonl", read_file(folder_ / "metrics.jsonl") + "{\"step\":1,\"no");
  const Session resumed({.folder = folder_.path()}, small());
  const auto lines = lines_of(folder_ / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1]["step"], 2);
}

TEST_F(TrainingRunTest, RefusesFoldersAndTimesThatCannotBe) {
  write_file(folder_ / "file", "");
  EXPECT_ERROR(Session({.folder = folder_ / "file"}, small()), InvalidArgument, "cannot be made");
  EXPECT_ERROR(Session({.folder = folder_ / "file" / "run"}, small()), InvalidArgument, "cannot be made");
  EXPECT_ERROR(Session({.folder = folder_.path(), .minutes = -1}, small()), InvalidArgument, "must not be negative");
  EXPECT_ERROR(Session({.folder = folder_.path(), .checkpoint_minutes = 0}, small()), InvalidArgument, "more than 0");
}

TEST_F(TrainingRunTest, RefusesADamagedCheckpoint) {
  { Session({.folder = folder_.path()}, small(3)).train(); }
  const std::string bytes = read_file(folder_ / "checkpoint.safetensors");
  write_file(folder_ / "checkpoint.safetensors", bytes.substr(0, bytes.size() - 100));
  EXPECT_THROW(Session({.folder = folder_.path()}, small(3)), InvalidFile);
}

using TrainingRunDeathTest = TrainingRunTest;

TEST_F(TrainingRunDeathTest, CtrlCLeavesACheckpoint) {
  EXPECT_EXIT(
      {
        install_signal_handlers();
        Session session({.folder = folder_.path()}, small());
        session.train(7);
        raise(SIGINT);
        session.train();
        _exit(session.optimizer.steps() == 7 ? 5 : 1);
      },
      testing::ExitedWithCode(5), "");
  EXPECT_EQ(Session({.folder = folder_.path()}, small()).optimizer.steps(), 7);
}

}  // namespace
}  // namespace atelier::base
