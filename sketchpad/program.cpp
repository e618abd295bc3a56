#include "sketchpad/program.h"

#include "base/error.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

extern char** environ;

namespace atelier::sketchpad {
namespace {

constexpr size_t kMostOutput = 16 << 20;

int milliseconds_until(Program::Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Program::Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 600'000));
}

}  // namespace

std::optional<std::filesystem::path> find_program(const std::string& name) {
  namespace fs = std::filesystem;
  const auto good = [](const fs::path& p) { return ::access(p.c_str(), X_OK) == 0 && fs::is_regular_file(p); };
  if (name.find('/') != std::string::npos) return good(name) ? std::optional<fs::path>(name) : std::nullopt;
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "/usr/bin:/bin") + ":/usr/games";
  for (size_t begin = 0; begin <= folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    if (const fs::path candidate = fs::path(folders.substr(begin, end - begin)) / name; end > begin && good(candidate)) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

Program::Program(const std::filesystem::path& path, const std::vector<std::string>& arguments) : name_(path.filename()) {
  // A socket for its input: a program that leaves early must not end us with SIGPIPE.
  int input[2], output[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) throw base::ResourceError(fmt::format("{}: {}", name_,
      std::strerror(errno)));
  if (::pipe2(output, O_CLOEXEC) != 0) {
    ::close(input[0]), ::close(input[1]);
    throw base::ResourceError(fmt::format("{}: {}", name_, std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[1], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const int failed = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(input[1]), ::close(output[1]);
  in_ = input[0], out_ = output[0];
  if (failed != 0) {
    ::close(in_), ::close(out_);
    throw base::ResourceError(fmt::format("{} cannot be started: {}", path.string(), std::strerror(failed)));
  }
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

Program::~Program() {
  close_input();
  ::close(out_);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status, 0);
}

void Program::close_input() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

void Program::write(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(in_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return;  // it left; what it said before is in its output
    pollfd waiting{in_, POLLOUT, 0};
    if (::poll(&waiting, 1, milliseconds_until(deadline)) == 0) throw base::ResourceError(fmt::format("{} does not take its input in time", name_));
  }
}

bool Program::fill(Clock::time_point deadline) {
  pollfd waiting{out_, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, milliseconds_until(deadline))) < 0 && errno == EINTR) {
  }
  if (ready == 0) throw base::ResourceError(fmt::format("{} does not answer in time", name_));
  char block[1 << 16];
  const ssize_t got = ::read(out_, block, sizeof block);
  if (got <= 0) return false;
  seen_ += static_cast<size_t>(got);
  if (seen_ > kMostOutput) throw base::ResourceError(fmt::format("{} says more than {} bytes", name_, kMostOutput));
  buffer_.append(block, static_cast<size_t>(got));
  return true;
}

std::optional<std::string> Program::read_line(Clock::time_point deadline) {
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (fill(deadline)) continue;
    if (buffer_.empty()) return std::nullopt;
    return std::exchange(buffer_, {});
  }
}

std::string Program::read_all(Clock::time_point deadline) {
  while (fill(deadline)) {
  }
  return std::exchange(buffer_, {});
}

}  // namespace atelier::sketchpad
