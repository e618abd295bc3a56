#include "corpus/process.h"
#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace atelier::corpus {
namespace {

// A file without a name that a child writes to: unlike pipes, two of them cannot deadlock.
class Scratch {
 public:
  Scratch() : fd_(open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw base::ResourceError(fmt::format("{}: {}", std::filesystem::temp_directory_path().string(), std::strerror(errno)));
  }
  ~Scratch() { close(fd_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  int fd() const { return fd_; }

  std::string text() const {
    std::string out(std::max<off_t>(lseek(fd_, 0, SEEK_END), 0), '\0');
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(done));
      if (got <= 0) break;
      done += got;
    }
    out.resize(done);
    return out;
  }

 private:
  int fd_;
};

}  // namespace

std::string run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                        const std::string& how_to_install) {
  ASSERT(!arguments.empty());
  const Scratch out, err;
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.fd(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(failed != ENOENT, "the program {} is missing; {}", arguments[0], how_to_install);
  if (failed) throw base::ResourceError(fmt::format("{} does not start: {}", arguments[0], std::strerror(failed)));

  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) throw base::ResourceError(fmt::format("waiting for {}: {}", arguments[0], std::strerror(errno)));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::string text = err.text();
    if (text.size() > 1000) text.erase(0, text.size() - 1000);
    throw base::ResourceError(fmt::format("'{}' failed: {}", fmt::join(arguments, " "), text));
  }
  return out.text();
}

}  // namespace atelier::corpus
