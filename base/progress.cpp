#include "base/progress.h"

#include "base/error.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace atelier::base {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> is_quiet = false;
std::atomic<bool> is_cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");
std::atomic<bool> bar_on_screen = false;

constexpr std::string_view kClearLine = "\r\033[K";

double seconds_since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

bool is_terminal() {
  const char* const kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

bool has_colour() {
  const char* const refused = std::getenv("NO_COLOR");  // no-color.org: any value but the empty one
  return refused == nullptr || *refused == '\0';
}

int terminal_width() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void write_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

/// 9 -> "0:09", 4000 -> "1:06:40"
std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(std::min(seconds, 1e9) + 0.5);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string rate_text(double rate) { return fmt::format("{:.{}f}", rate, rate < 10 ? 2 : rate < 100 ? 1 : 0); }

void on_signal(int number) {
  if (number == SIGINT && is_cancelled) _exit(130);  // pressed again: now
  is_cancelled = true;
}

}  // namespace

void set_quiet(bool quiet) { is_quiet = quiet; }

bool quiet() { return is_quiet; }

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total), start_(Clock::now()), drawn_(start_) {}

Progress::~Progress() { draw(true); }

void Progress::advance(int64_t by) {
  done_ += by;
  draw(false);
}

void Progress::set(int64_t done) {
  if (done_ == 0 && seconds_since(start_) < 1) {  // a resumed run: what was done before says nothing about the rate
    resumed_ = done;
  }
  done_ = done;
  draw(false);
}

void Progress::note(std::string text) { note_ = std::move(text); }

void Progress::draw(bool last) {
  if (is_quiet) return;
  const double elapsed = seconds_since(start_), since_drawn = seconds_since(drawn_);
  const bool terminal = is_terminal();
  // A log wants a sign of life early and no flood in a run of hours.
  const double pause = terminal ? 0.1 : elapsed < 120 ? 10 : 60;
  if (!last && since_drawn < pause) return;
  drawn_ = Clock::now();

  const double rate = elapsed > 0 ? static_cast<double>(done_ - resumed_) / elapsed : 0;
  std::string numbers = fmt::format("{}", done_);
  if (total_ > 0) numbers = fmt::format("{:3}% {}/{}", 100 * done_ / total_, done_, total_);
  if (!unit_.empty()) numbers += " " + unit_;
  if (rate > 0) numbers += fmt::format("  {}/s", rate_text(rate));
  if (last) {
    numbers += "  " + clock_text(elapsed);
  } else if (total_ > 0 && rate > 0) {
    numbers += fmt::format("  {} left", clock_text(static_cast<double>(std::max<int64_t>(0, total_ - done_)) / rate));
  }
  if (!note_.empty()) numbers += "  " + note_;

  if (!terminal) {
    write_stderr(fmt::format("{}: {}\n", label_, numbers));
    return;
  }
  std::string bar;
  if (total_ > 0) {
    constexpr int64_t kWidth = 24;
    const int64_t full = std::clamp<int64_t>(kWidth * done_ / total_, 0, kWidth);
    for (int64_t i = 0; i < kWidth; ++i) bar += i < full ? "█" : "░";
    bar = has_colour() ? fmt::format("\033[36m{}\033[0m ", bar) : bar + " ";
  }
  // A line longer than the terminal would wrap, and the next bar would be drawn below it.
  const int room = terminal_width() - static_cast<int>(label_.size()) - (total_ > 0 ? 25 : 0) - 2;
  numbers.resize(std::min<size_t>(numbers.size(), static_cast<size_t>(std::max(0, room))));
  write_stderr(fmt::format("{}{} {}{}{}", kClearLine, label_, bar, numbers, last ? "\n" : ""));
  bar_on_screen = !last;
}

void say(std::string_view line) {
  if (is_quiet) return;
  write_stderr(fmt::format("{}{}\n", bar_on_screen ? kClearLine : "", line));
}

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);  // a file as large as it may be is an error of write(), not our end
}

bool cancelled() { return is_cancelled; }

void throw_if_cancelled() {
  if (is_cancelled) throw Cancelled();
}

}  // namespace atelier::base
