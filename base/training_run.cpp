#include "base/training_run.h"

#include "base/files.h"
#include "base/progress.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace atelier::base {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

double minutes_since(Clock::time_point t) {
  return std::chrono::duration<double, std::ratio<60>>(Clock::now() - t).count();
}

/// A run may be made longer; everything else that differs makes it another run.
bool may_change(const std::string& pointer) {
  return pointer.ends_with("/total_steps") || pointer.ends_with("/decay_fraction");
}

/// "learning_rate (was 0.001, now 0.002)" for each field that differs and may not.
std::vector<std::string> differences(const json& before, const json& now) {
  std::vector<std::string> found;
  for (const json& change : json::diff(before, now)) {
    const std::string pointer = change.at("path");
    if (may_change(pointer)) continue;
    const json::json_pointer at(pointer);
    const std::string was = before.contains(at) ? dump_json(before.at(at)) : "absent";
    const std::string is = change.contains("value") ? dump_json(change.at("value")) : "absent";
    std::string name = pointer.empty() ? "the config" : pointer.substr(1);
    std::replace(name.begin(), name.end(), '/', '.');
    found.push_back(fmt::format("{} (was {}, now {})", name, was, is));
  }
  return found;
}

/// Lines written after the checkpoint that a run resumes from would stand twice in the file: they are dropped.
void trim_metrics(const fs::path& path, int64_t steps) {
  if (!fs::exists(path)) return;
  const std::string text = read_file(path);
  std::string kept;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const json values = json::parse(line, nullptr, /*allow_exceptions=*/false);  // a killed run may leave half a line
    if (values.is_object() && values.contains("step") && values["step"].is_number_integer() &&
        values["step"].get<int64_t>() <= steps)
      kept += line + "\n";
  }
  if (kept != text) write_file(path, kept);
}

}  // namespace

TrainingRun::TrainingRun(const RunOptions& options, Optimizer& optimizer, const json& config)
    : options_(options), optimizer_(optimizer), total_steps_(optimizer.config().total_steps) {
  REQUIRE(options_.minutes >= 0, "minutes must not be negative, as {} is", options_.minutes);
  REQUIRE(options_.checkpoint_minutes > 0, "checkpoint_minutes must be more than 0, not {}",
          options_.checkpoint_minutes);
  std::error_code error;
  fs::create_directories(options_.folder, error);
  REQUIRE(!error && fs::is_directory(options_.folder), "the folder {} cannot be made: {}", options_.folder.string(),
          error ? error.message() : "there is a file of this name");

  const fs::path checkpoint = options_.folder / "checkpoint.safetensors", config_path = options_.folder / "config.json";
  if (fs::exists(checkpoint)) {
    const auto changed = differences(read_json(config_path), config);
    CHECK_FILE(changed.empty(), config_path.string(),
               "this run was started with another config; choose another folder or undo the change of {}",
               fmt::join(changed, ", "));
    const Safetensors file(checkpoint);
    const auto seconds = file.metadata().find("seconds");
    CHECK_FILE(seconds != file.metadata().end(), checkpoint.string(), "its metadata has no seconds: not a checkpoint");
    optimizer_.load_state(file);
    seconds_before_ = std::strtod(seconds->second.c_str(), nullptr);
    say(fmt::format("Resuming {} at step {} of {}.", options_.folder.string(), optimizer_.steps(), total_steps_));
  }
  trim_metrics(options_.folder / "metrics.jsonl", optimizer_.steps());
  write_json(config_path, config);
  start_ = saved_ = Clock::now();
}

bool TrainingRun::proceed() {
  const bool ends = optimizer_.steps() >= total_steps_ || cancelled() ||
                    (options_.minutes > 0 && minutes_since(start_) >= options_.minutes);
  if (ends || minutes_since(saved_) >= options_.checkpoint_minutes) save();
  return !ends;
}

void TrainingRun::report(json values) {
  ordered_json line;
  line["step"] = optimizer_.steps();
  line["seconds"] = std::round(seconds() * 10) / 10;
  line.update(ordered_json(std::move(values)));
  const std::string text = line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";

  const fs::path path = options_.folder / "metrics.jsonl";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) throw ResourceError(fmt::format("{} cannot be written: {}", path.string(), std::strerror(errno)));
  try {
    write_all(fd, text.data(), text.size());
  } catch (...) {
    close(fd);
    throw;
  }
  close(fd);
}

double TrainingRun::seconds() const { return seconds_before_ + 60 * minutes_since(start_); }

void TrainingRun::save() {
  write_safetensors(options_.folder / "checkpoint.safetensors", optimizer_.state(),
                    {{"step", fmt::format("{}", optimizer_.steps())}, {"seconds", fmt::format("{:.1f}", seconds())}});
  saved_ = Clock::now();
}

}  // namespace atelier::base
