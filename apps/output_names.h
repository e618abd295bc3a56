#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace atelier::apps {

/// The files of `count` pictures: a %d or %03d in the pattern becomes 1, 2, ...; without one, several pictures get
/// _1, _2, ... before the extension. "%%" is a percent sign.
/// @throws InvalidArgument for another % or more than one number, or an extension other than png, jpg, jpeg
std::vector<std::filesystem::path> output_names(const std::string& pattern, int64_t count);

/// Asked before hours of work, not after: the folder is there and files can be made in it, and `path` is no folder.
/// @throws InvalidArgument, or ResourceError if the disk has not `bytes` left
void check_writable(const std::filesystem::path& path, int64_t bytes);

/// For check_writable where nobody can say yet how large the file will be.
inline constexpr int64_t kSomeBytes = 1 << 20;

}  // namespace atelier::apps
