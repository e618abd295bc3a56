#pragma once
/// Another program, started by its arguments, never by a shell, talked to through pipes, always ended.
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace atelier::sketchpad {

/// A name looked up on PATH and in /usr/games, or a path. @return nothing if there is no such program
std::optional<std::filesystem::path> find_program(const std::string& name);

class Program {
 public:
  using Clock = std::chrono::steady_clock;

  /// Its standard error is dropped. @throws ResourceError if it cannot be started
  Program(const std::filesystem::path& path, const std::vector<std::string>& arguments);
  /// Kills it if it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// @throws ResourceError if it does not take its input before the deadline
  void write(std::string_view bytes, Clock::time_point deadline);
  void close_input();
  /// The next line without its end; nothing once its output is over.
  /// @throws ResourceError past the deadline, or past 16 MB of output
  std::optional<std::string> read_line(Clock::time_point deadline);
  /// All that is left of its output.
  std::string read_all(Clock::time_point deadline);

 private:
  bool fill(Clock::time_point deadline);  // false at the end of its output

  std::string name_, buffer_;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  size_t seen_ = 0;
};

}  // namespace atelier::sketchpad
