#pragma once
/// Other programs as child processes, started without a shell.
#include <filesystem>
#include <string>
#include <vector>

namespace atelier::corpus {

/// Runs arguments[0] (found on PATH) to its end in `folder`, and returns what it wrote to stdout.
/// @throws InvalidArgument with `how_to_install` if there is no such program, ResourceError with the end of its stderr
///         if it fails
std::string run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                        const std::string& how_to_install);

}  // namespace atelier::corpus
