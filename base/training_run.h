#pragma once
/// A training run's folder: runs/NAME with its config, a checkpoint every few minutes, metrics a line a report.
///
/// The same command resumes it: if the folder holds a checkpoint, training goes on from there, bit for bit as if it
/// had never stopped (every random draw is keyed by the step: base/random.h).
#include "base/optimizer.h"

#include <chrono>
#include <filesystem>

namespace atelier::base {

struct RunOptions {
  std::filesystem::path folder;     // runs/NAME, made if missing
  double minutes = 0;               // stop after this wall time with a checkpoint; 0: only at total_steps
  double checkpoint_minutes = 3;
};

class TrainingRun {
 public:
  /// Resumes `optimizer` if the folder has a checkpoint. @throws InvalidFile if it belongs to another config
  TrainingRun(const RunOptions& options, Optimizer& optimizer, const json& config);

  /// False when total_steps is reached, time is up, or Ctrl-C was pressed; saves a checkpoint then, and whenever
  /// checkpoint_minutes have passed.
  bool proceed();

  /// Appends {"step":…, "seconds":…, …} to metrics.jsonl.
  void report(json values);

  /// Seconds trained, over all sessions.
  double seconds() const;
  const std::filesystem::path& folder() const { return options_.folder; }

 private:
  void save();
  RunOptions options_;
  Optimizer& optimizer_;
  int64_t total_steps_;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point start_, saved_;
};

}  // namespace atelier::base
