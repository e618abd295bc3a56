#include "base/progress.h"

#include "base/error.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace atelier::base {
namespace {

/// What `run` writes to stderr when that is a terminal of 80 columns.
std::string on_terminal(const std::function<void()>& run) {
  int parent = -1;
  winsize size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  const pid_t child = forkpty(&parent, nullptr, nullptr, &size);
  if (child == 0) {
    setenv("TERM", "xterm", 1);
    run();
    _exit(0);
  }
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(parent, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  close(parent);
  waitpid(child, nullptr, 0);
  return text;
}

void two_steps() {
  Progress progress("training", 4, "steps");
  progress.note("loss 0.5");
  progress.advance(2);
}

TEST(Progress, IsOnePlainLineInALog) {
  testing::internal::CaptureStderr();
  two_steps();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("training:  50% 2/4 steps"), 0u) << text;
  EXPECT_NE(text.find("loss 0.5\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Progress, IsABarOnATerminal) {
  unsetenv("NO_COLOR");
  const std::string text = on_terminal(two_steps);
  EXPECT_NE(text.find("████████████░░░░░░░░░░░░"), std::string::npos) << text;
  EXPECT_NE(text.find("\033[36m"), std::string::npos) << text;
}

TEST(Progress, HonoursNoColor) {
  const std::string text = on_terminal([] {
    setenv("NO_COLOR", "1", 1);
    two_steps();
  });
  EXPECT_NE(text.find("░"), std::string::npos) << text;
  EXPECT_EQ(text.find("\033[36m"), std::string::npos) << text;
}

TEST(Progress, NeverWrapsTheTerminal) {
  const std::string text = on_terminal([] {
    Progress progress("training", 4, "steps");
    progress.note(std::string(500, 'x'));
    progress.advance(2);
  });
  EXPECT_LT(std::count(text.begin(), text.end(), 'x'), 80);
}

TEST(Progress, ARateLeavesOutWhatWasDoneBefore) {
  testing::internal::CaptureStderr();
  {
    Progress progress("training", 2'000'000'000);
    progress.set(1'000'000'000);
    usleep(20'000);
    progress.set(1'000'000'010);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  const size_t rate = text.find("  ") + 2;
  EXPECT_LT(std::atof(text.c_str() + text.find("  ", rate) + 2), 1000) << text;
}

TEST(Progress, QuietSaysNothing) {
  set_quiet(true);
  testing::internal::CaptureStderr();
  two_steps();
  say("hello");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  set_quiet(false);
}

TEST(SignalsDeathTest, CtrlCAsksAndASecondOneEnds) {
  EXPECT_EXIT(
      {
        install_signal_handlers();
        const bool before = cancelled();
        raise(SIGTERM);
        try {
          throw_if_cancelled();
        } catch (const Cancelled&) {
          if (!before) raise(SIGINT);
        }
        _exit(1);
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace atelier::base
