#pragma once
/// Runs the built program as a user does, in a folder that is gone afterwards.
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace atelier::apps {

namespace fs = std::filesystem;

struct Outcome {
  int exit_code = -1;
  std::string out, err;
};

/// While it lives no file of this process and its children may grow past so many bytes, as on a full disk.
struct FullDisk {
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

/// Runs the built program in a folder of its own. @param environment "NAME=value"
class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "atelier_program_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  /// Starts the program and does not wait. @return its process
  pid_t start(std::vector<std::string> arguments, const std::vector<std::string>& environment = {},
              const std::string& input = "") const {
    base::write_file(folder / "stdin", input);
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder.c_str()) != 0) _exit(99);
      dup2(open("stdin", O_RDONLY), 0);
      dup2(open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
      dup2(open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
      for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
      arguments.insert(arguments.begin(), "atelier");
      std::vector<char*> pointers;
      for (std::string& argument : arguments) pointers.push_back(argument.data());
      pointers.push_back(nullptr);
      execv(ATELIER_PROGRAM, pointers.data());
      _exit(98);
    }
    return child;
  }

  /// What became of it. A death by signal N is exit code 128 + N.
  Outcome wait(pid_t child) const {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), base::read_file(folder / "stdout"),
            base::read_file(folder / "stderr")};
  }

  Outcome run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {},
              const std::string& input = "") const {
    return wait(start(std::move(arguments), environment, input));
  }

  /// A model folder that passes the checks before work starts, without any weights.
  fs::path hollow_model() const {
    const fs::path model = folder / "model";
    for (const char* part : {"vae", "text", "fusion"}) fs::create_directories(model / part);
    base::write_json(model / "model_index.json",
                     {{"_class_name", "AtelierPipeline"}, {"version", "1"}});
    for (const char* part : {"vae", "text"}) base::write_json(model / part / "config.json", base::json::object());
    base::write_json(model / "fusion/config.json", {{"latent_size", 16}, {"styles", {"noto", "3d"}}});
    return model;
  }

  fs::path folder;
};

}  // namespace atelier::apps
