#pragma once
/// What is wrong with a command line, in sentences of our own: each names the word and what it may be.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>

namespace atelier::apps {

/// A number from `low` to `high`, both included; not a number is outside of every range.
template <class Number>
CLI::Validator in_range(Number low, Number high);

/// A finite number, 0 or more; and one above 0.
CLI::Validator not_negative();
CLI::Validator positive();

/// There is such a file; such a folder; either of the two.
/// @throws base::InvalidFile from inside of the parser: what is missing or of the wrong kind is a bad file, not bad usage
CLI::Validator existing_file();
CLI::Validator existing_folder();
CLI::Validator existing_path();

/// @param app    the program's, as its failed parse left it
/// @param error  what the parser threw
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

/// The command that this line got to, and the line's words up to it: "atelier train vae".
std::pair<const CLI::App*, std::string> reached_command(const CLI::App& app);

template <class Number>
CLI::Validator in_range(Number low, Number high) {
  return {[low, high](std::string& text) {
            Number value{};
            const bool inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
            return inside ? std::string() : fmt::format("must be {} to {}, not {}", low, high, text);
          },
          CLI::Range(low, high).get_description()};
}

}  // namespace atelier::apps
