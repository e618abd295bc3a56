#include "tests/docs/parse.h"

#include "apps/program.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace atelier::docs {
namespace {

/// What commands would do. They own what flags are written into, so they are kept while the words are parsed.
using Kept = std::vector<std::function<void()>>;

struct Callbacks : CLI::App {
  static void take(CLI::App& command, Kept& kept) {
    for (const auto callback : {&Callbacks::parse_complete_callback_, &Callbacks::final_callback_}) kept.push_back(std::exchange(command.*callback, {}));
  }
};

/// The names that CLI11 gives its checks for files.
bool looks_at_the_disk(const CLI::Validator& check) {
  const std::string name = check.get_description();
  return name == "FILE" || name == "DIR" || name == "PATH(existing)";
}

void only_parse(CLI::App& command, Form form, Kept& kept) {
  Callbacks::take(command, kept);
  if (form == Form::mention) command.require_subcommand(0);
  for (CLI::Option* option : command.get_options()) {
    if (form == Form::mention) {
      option->required(false);
      if (option->nonpositional() && option->get_items_expected_min() > 0) option->expected(0, option->get_expected_max());
    }
    try {
      for (int i = 0;; ++i)
        if (CLI::Validator* check = option->get_validator(i); looks_at_the_disk(*check)) check->active(false);
    } catch (const CLI::OptionNotFound&) {  // the only way to know how many there are
    }
  }
  for (CLI::App* child : command.get_subcommands([](CLI::App*) { return true; })) only_parse(*child, form, kept);
}

}  // namespace

std::string complaint(std::vector<std::string> words, Form form) {
  const std::unique_ptr<CLI::App> app = apps::make_command_line();
  app->require_subcommand(1);
  Kept kept;
  only_parse(*app, form, kept);
  std::reverse(words.begin(), words.end());  // CLI11 wants its vectors so
  try {
    app->parse(std::move(words));
  } catch (const CLI::Success&) {  // --help, --version
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

}  // namespace atelier::docs
