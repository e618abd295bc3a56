#include "apps/commands.h"
#include "apps/completion.h"
#include "apps/shell.h"
#include "base/error.h"

#include <cstdio>
#include <memory>
#include <vector>

namespace atelier::apps {
namespace {

struct Word {
  std::string text, description;
};

/// What may come behind "atelier train": subcommands, then flags, the global ones included.
struct Level {
  std::vector<std::string> path;  // without the program's name
  std::vector<Word> commands, flags;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_flags(const CLI::App& command, std::vector<Word>& flags) {
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames())
      flags.push_back({"--" + name, first_line(option->get_description())});
}

void collect(const CLI::App& command, std::vector<std::string> path, const std::vector<Word>& inherited, std::vector<Level>& levels) {
  Level level{path, {}, {}};
  add_flags(command, level.flags);
  for (const Word& flag : inherited)
    if (flag.text != "--help") level.flags.push_back(flag);
  std::vector<const CLI::App*> children = command.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) level.commands.push_back({child->get_name(), first_line(child->get_description())});
  levels.push_back(level);
  for (const CLI::App* child : children) {
    path.push_back(child->get_name());
    collect(*child, path, path.size() == 1 ? level.flags : inherited, levels);
    path.pop_back();
  }
}

std::string words(const Level& level) {
  std::string text;
  for (const std::vector<Word>* list : {&level.commands, &level.flags})
    for (const Word& word : *list) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

/// "atelier train vae" as a case of the commands seen so far.
std::string case_of(const Level& level) { return fmt::format("'{}'", fmt::join(level.path, " ")); }

std::string bash_script(const std::vector<Level>& levels) {
  std::string script =
      "# bash completion for atelier: atelier completion bash > ~/.local/share/bash-completion/completions/atelier\n"
      "_atelier() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} seen= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"${seen:+$seen }$word\" in\n";
  for (const Level& level : levels)
    if (!level.path.empty()) script += fmt::format("      {}) seen={};;\n", case_of(level), case_of(level));
  script += "    esac\n  done\n  case $seen in\n";
  for (const Level& level : levels)
    script += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$current\"));;\n", case_of(level), shell_quote(words(level)));
  script += "  esac\n}\ncomplete -o default -F _atelier atelier\n";
  return script;
}

std::string zsh_script(const std::vector<Level>& levels) {
  std::string script =
      "#compdef atelier\n"
      "# zsh completion for atelier: atelier completion zsh > a file _atelier in a folder of $fpath\n"
      "local seen= word\n"
      "for word in ${words[2,CURRENT-1]}; do\n"
      "  case \"${seen:+$seen }$word\" in\n";
  for (const Level& level : levels)
    if (!level.path.empty()) script += fmt::format("    {}) seen={};;\n", case_of(level), case_of(level));
  script += "  esac\ndone\nlocal -a choices\ncase $seen in\n";
  for (const Level& level : levels) {
    script += fmt::format("  {}) choices=(\n", case_of(level));
    for (const std::vector<Word>* list : {&level.commands, &level.flags})
      for (const Word& word : *list) script += fmt::format("    {}\n", shell_quote(word.text + ":" + word.description));
    script += "  );;\n";
  }
  return script + "esac\nif [[ $words[CURRENT] != -* ]]; then _files; fi\n_describe atelier choices\n";
}

std::string fish_script(const std::vector<Level>& levels) {
  std::string script = "# fish completion for atelier: atelier completion fish > ~/.config/fish/completions/atelier.fish\n";
  for (const Level& level : levels) {
    std::string condition = level.path.empty() ? "__fish_use_subcommand" : "";
    for (const std::string& name : level.path)
      condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", name);
    for (const Word& word : level.commands)
      script += fmt::format("complete -c atelier -n {} -f -a {} -d {}\n", shell_quote(condition), word.text, shell_quote(word.description));
    for (const Word& word : level.flags)
      script += fmt::format("complete -c atelier -n {} -l {} -d {}\n", shell_quote(condition), word.text.substr(2), shell_quote(word.description));
  }
  return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  std::vector<Level> levels;
  collect(app, {}, {}, levels);
  if (shell == "bash") return bash_script(levels);
  if (shell == "zsh") return zsh_script(levels);
  REQUIRE(shell == "fish", "shell must be bash, zsh or fish, not {}", shell);
  return fish_script(levels);
}

void add_completion_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->footer(
      "Examples:\n"
      "  source <(atelier completion bash)\n"
      "  atelier completion fish > ~/.config/fish/completions/atelier.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")->required();
  command->callback([&app, shell] {
    const std::string script = completion_script(app, *shell);
    std::fwrite(script.data(), 1, script.size(), stdout);
  });
}

}  // namespace atelier::apps
