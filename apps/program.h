#pragma once
/// The whole program behind main(): the command line, the global flags, and every failure as one sentence.
#include <CLI/CLI.hpp>

#include <exception>
#include <memory>
#include <string>

namespace atelier::apps {

/// The complete tree of commands and flags.
std::unique_ptr<CLI::App> make_command_line();

/// Parses and runs. @return the exit code: 0 done, 1 failed, 2 usage, 3 a bad file, 130 cancelled
int run(int argc, const char* const* argv);

struct Failure {
  int exit_code = 1;
  std::string message;  // one sentence for a person; no stack traces, no places in our source but for our own bugs
};

/// What any exception that may leave a command means to its user.
Failure explain(std::exception_ptr exception);

}  // namespace atelier::apps
