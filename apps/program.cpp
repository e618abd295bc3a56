#include "apps/program.h"

#include "apps/commands.h"
#include "apps/usage.h"
#include "base/compute.h"
#include "base/error.h"
#include "base/progress.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace atelier::apps {
namespace {

struct GlobalFlags {
  base::ComputeOptions compute;
  bool quiet = false;
};

/// --guidance-scale -> ATELIER_ARG_GUIDANCE_SCALE
std::string environment_name(const std::string& flag) {
  std::string name = "ATELIER_ARG_" + flag;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

/// Environment twins for the commands that this line names, and for no others: CLI11 would also check a variable
/// against the flags of commands that do not run, so that ATELIER_ARG_STEPS for a training would stop `imagine`.
void name_environment(CLI::App& command, bool named) {
  for (CLI::Option* option : command.get_options()) {
    const bool flag = !option->get_lnames().empty() && option != command.get_help_ptr() &&
                      option != command.get_version_ptr();
    option->envname(named && flag ? environment_name(option->get_lnames().front()) : "");
  }
}

void name_environment(CLI::App& app, int argc, const char* const* argv) {
  std::vector<const CLI::App*> named = {&app};
  for (int i = 1; i < argc; ++i) {
    const auto found = named.back()->get_subcommands([&](const CLI::App* child) { return child->get_name() == argv[i]; });
    if (!found.empty()) named.push_back(found.front());
  }
  const auto visit = [&](const auto& self, CLI::App& command) -> void {
    name_environment(command, std::find(named.begin(), named.end(), &command) != named.end());
    for (CLI::App* child : command.get_subcommands([](CLI::App*) { return true; })) self(self, *child);
  };
  visit(visit, app);
}

/// Files that this process opens must never become its standard output or error, as they would where those are closed:
/// what is said then would be written into them. Each is opened the wrong way round, so that its use still fails.
void hold_standard_files() {
  for (const auto& [fd, mode] : {std::pair(STDIN_FILENO, O_WRONLY), std::pair(STDOUT_FILENO, O_RDONLY), std::pair(STDERR_FILENO, O_RDONLY)})
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", mode) < 0) return;
}

/// @return the exit code; 1 if what was printed did not get through
int finish_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  std::fprintf(stderr, "atelier: the result cannot be written to stdout: %s\n",
               errno == ENOSPC ? "the disk is full" : errno != 0 ? std::strerror(errno) : "a part of it was lost");
  return 1;
}

CLI::App* add_train_command(CLI::App& app) {
  CLI::App* train = app.add_subcommand("train", "Train a tokenizer or one of the models");
  train->require_subcommand(1);
  train->footer("A training goes on where it was stopped when the same command is given again.");
  add_train_tokenizer(*train);
  add_train_text(*train);
  add_train_vae(*train);
  add_train_fusion(*train);
  add_train_clip(*train);
  return train;
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line() {
  auto app = std::make_unique<CLI::App>("Draws pictures from text, with a model that was trained on open pictures.", "atelier");
  app->fallthrough();  // global flags may stand behind the command, too
  app->get_formatter()->column_width(34);
  app->set_version_flag("--version", std::string("atelier " ATELIER_VERSION " (LibTorch " ATELIER_LIBTORCH_VERSION ")"),
                        "Print the version");
  app->footer(
      "Examples:\n"
      "  atelier imagine \"a red apple, noto style\" -o apple.png\n"
      "  atelier inspect apple.png          the command that draws this picture again\n"
      "  atelier doctor                     what this machine will use, and what would be better\n"
      "\n"
      "Every flag has a twin in the environment: --guidance-scale 5 is ATELIER_ARG_GUIDANCE_SCALE=5; a flag wins.\n"
      "Results go to stdout, all else to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3 a bad file, 130 cancelled.");

  auto flags = std::make_shared<GlobalFlags>();
  app->add_flag("-q,--quiet", flags->quiet, "Results and errors only");
  app->add_option("--device", flags->compute.device, "cpu, cuda or cuda:N (default: a GPU if there is one)");
  app->add_option("--dtype", flags->compute.dtype, "bf16, fp32 or fp16 (default: what this machine is fast at)");
  app->add_option("--threads", flags->compute.threads, "Threads to compute with (default: one a core)");
  app->parse_complete_callback([flags] {
    base::set_quiet(flags->quiet);
    base::install_signal_handlers();
    base::initialise_compute(flags->compute);
  });

  add_imagine_command(*app);
  add_complete_command(*app);
  add_inspect_command(*app);
  [[maybe_unused]] CLI::App* train = add_train_command(*app);
#ifndef ATELIER_CORE_ONLY
  add_corpus_command(*app);
  add_pack_command(*app->get_subcommand("corpus"));
  add_memory_command(*app);
  add_classify_command(*app);
  add_caption_command(*app);
  add_ask_command(*app);
  add_sketch_command(*app);
  add_serve_command(*app);
  add_eval_command(*app);
  add_pack_clip_command(*app->get_subcommand("corpus"));
  add_pack_questions_command(*app->get_subcommand("corpus"));
  add_train_names(*train);
  add_corpus_memory_command(*app->get_subcommand("corpus"));
#endif
  add_doctor_command(*app);
  add_completion_command(*app);
  return app;
}

int run(int argc, const char* const* argv) {
  hold_standard_files();
  const std::unique_ptr<CLI::App> app = make_command_line();
  if (argc < 2) {
    std::fputs(app->help().c_str(), stdout);
    return finish_output();
  }
  app->require_subcommand(1);
  try {
    name_environment(*app, argc, argv);
    app->parse(argc, argv);
    return finish_output();
  } catch (const CLI::Success& wanted) {  // --help, --version
    app->exit(wanted);
    return finish_output();
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "atelier: %s\nSee: %s --help\n", usage_message(*app, error).c_str(), reached_command(*app).second.c_str());
    return 2;
  } catch (...) {
    const Failure failure = explain(std::current_exception());
    std::fprintf(stderr, "atelier: %s\n", failure.message.c_str());
    return failure.exit_code;
  }
}

}  // namespace atelier::apps
