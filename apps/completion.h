#pragma once
#include <CLI/CLI.hpp>

#include <string>

namespace atelier::apps {

/// A completion script for bash, zsh or fish, made from the tree of commands and flags.
/// @throws InvalidArgument for another shell
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace atelier::apps
