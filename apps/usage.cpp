#include "apps/usage.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

/// Edits (insert, delete, replace) between two words.
size_t edits(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row.back();
}

constexpr size_t kTypingErrors = 2;

std::string no_such_command(const CLI::App& parent, const std::string& word) {
  std::string message = fmt::format("there is no command '{}'", word);
  for (const CLI::App* child : parent.get_subcommands([](const CLI::App*) { return true; }))
    if (edits(word, child->get_name()) <= kTypingErrors) return message + fmt::format("; did you mean '{}'?", child->get_name());
  return message;
}

/// Flags of a command and of those around it, whose flags may stand behind it, too.
std::vector<std::string> flags_of(const CLI::App* command) {
  std::vector<std::string> flags;
  for (; command != nullptr; command = command->get_parent())
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::string not_expected(const CLI::App& command, std::string word) {
  if (!word.starts_with('-'))
    return fmt::format("'{}' was not expected here; words that belong together need quotes around them", word);
  word = word.substr(0, word.find('='));
  for (const std::string& flag : flags_of(&command))
    if (edits(word, flag) <= kTypingErrors) return fmt::format("there is no flag {}; did you mean {}?", word, flag);
  return fmt::format("there is no flag {}; a value that begins with - comes last, behind --", word);
}

/// The option that the parser calls by one of its names.
const CLI::Option* find_option(const CLI::App* command, const std::string& name) {
  for (; command != nullptr; command = command->get_parent())
    if (const CLI::Option* option = command->get_option_no_throw(name)) return option;
  return nullptr;
}

/// "Could not convert: --steps = 2.5"
std::string no_number(const CLI::App& command, const std::string& what) {
  constexpr std::string_view kPrefix = "Could not convert: ";
  const size_t equals = what.find(" = ");
  if (!what.starts_with(kPrefix) || equals == what.npos) return what;
  const std::string name = what.substr(kPrefix.size(), equals - kPrefix.size());
  const CLI::Option* option = find_option(&command, name);
  const bool whole = option != nullptr && !option->get_type_name().starts_with("FLOAT");
  return fmt::format("{} must be a {}number, not {}", name, whole ? "whole " : "", what.substr(equals + 3));
}

CLI::Validator number(const char* description, const char* limit, bool (*fits)(double)) {
  return {[limit, fits](std::string& text) {
            double value = 0;
            const bool good = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && fits(value);
            return good ? std::string() : fmt::format("must be {}, not {}", limit, text);
          },
          description};
}

enum class Kind { file, folder, either };

CLI::Validator existing(const char* description, Kind kind) {
  return {[kind](std::string& text) {
            std::error_code ignored;
            const fs::file_status status = fs::status(text, ignored);
            CHECK_FILE(fs::exists(status), text.empty() ? "''" : text, "there is no such {}",
                       kind == Kind::file ? "file" : kind == Kind::folder ? "folder" : "file or folder");
            CHECK_FILE(kind != Kind::file || !fs::is_directory(status), text, "is a folder, not a file");
            CHECK_FILE(kind != Kind::folder || fs::is_directory(status), text, "is a file, not a folder");
            // Some of them never end.
            CHECK_FILE(!fs::is_character_file(status) && !fs::is_block_file(status), text, "is a device, not a file");
            return std::string();
          },
          description};
}

}  // namespace

CLI::Validator not_negative() {
  return number("NONNEGATIVE", "0 or more", [](double value) { return value >= 0; });
}

CLI::Validator positive() {
  return number("POSITIVE", "more than 0", [](double value) { return value > 0; });
}

CLI::Validator existing_file() { return existing("FILE", Kind::file); }
CLI::Validator existing_folder() { return existing("DIR", Kind::folder); }
CLI::Validator existing_path() { return existing("PATH(existing)", Kind::either); }

std::pair<const CLI::App*, std::string> reached_command(const CLI::App& app) {
  const CLI::App* command = &app;
  std::string path = "atelier";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    path += " " + command->get_name();
  }
  return {command, path};
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = *reached_command(app).first;
  const std::string what = error.what();
  const std::vector<std::string> rest = app.remaining(true);  // flags may stand anywhere, so the root keeps it
  if (command.get_require_subcommand_min() > 0)
    return rest.empty() || rest.front().starts_with('-') ? "a command is missing" : no_such_command(command, rest.front());
  // A mistyped flag is why something is missing.
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!rest.empty() && (required || dynamic_cast<const CLI::ExtrasError*>(&error))) return not_expected(command, rest.front());
  if (required) {
    const CLI::Option* option = find_option(&command, what.substr(0, what.find(" is required")));
    return option ? fmt::format("{}: {}", what, option->get_description()) : what;
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error)) return no_number(command, what);
  const auto around = [&](std::string_view word) { return std::pair(what.substr(0, what.find(word)), what.substr(what.find(word) + word.size())); };
  if (dynamic_cast<const CLI::ExcludesError*>(&error)) {
    const auto [one, other] = around(" excludes ");
    return fmt::format("give {} or {}, not both", one, other);
  }
  if (dynamic_cast<const CLI::RequiresError*>(&error)) {
    const auto [one, other] = around(" requires ");
    return fmt::format("{} says nothing without {}", one, other);
  }
  const size_t colon = what.find(": ");
  if (colon == what.npos) return what;
  const std::string name = what.substr(0, colon), rule = what.substr(colon + 2);
  if (dynamic_cast<const CLI::ValidationError*>(&error) && rule.starts_with("must ")) return name + " " + rule;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    if (rule.ends_with("missing")) return name + " needs a value";
    if (rule.starts_with("At Most 1 ")) return name + " was given several times, which may differ; once is enough";
  }
  return what;
}

}  // namespace atelier::apps
