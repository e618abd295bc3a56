#pragma once
/// Progress on stderr: a bar with rate and time left on a terminal, a plain line now and then elsewhere, nothing
/// with --quiet. stdout stays free for results.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace atelier::base {

/// Process-wide, set once by main().
void set_quiet(bool quiet);
bool quiet();

class Progress {
 public:
  /// @param total   0 if unknown
  Progress(std::string label, int64_t total, std::string unit = "");
  ~Progress();  // ends the line
  void advance(int64_t by = 1);
  void set(int64_t done);  // the first one, at the start, says where a resumed run goes on
  /// A few words behind the bar, such as the current loss.
  void note(std::string text);

 private:
  void draw(bool last);
  std::string label_, unit_, note_;
  int64_t total_, done_ = 0, resumed_ = 0;
  std::chrono::steady_clock::time_point start_, drawn_;
};

/// One line on stderr unless quiet.
void say(std::string_view line);

/// Ctrl-C and SIGTERM set a flag that long loops look at between steps. @throws Cancelled
void install_signal_handlers();
bool cancelled();
void throw_if_cancelled();

}  // namespace atelier::base
