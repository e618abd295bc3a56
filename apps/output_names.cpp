#include "apps/output_names.h"

#include "base/error.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

struct Pattern {
  std::string before, after;
  std::optional<int> width;  // of the number
};

Pattern parse_pattern(const std::string& pattern) {
  Pattern parsed;
  std::string* text = &parsed.before;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      *text += pattern[i];
      continue;
    }
    const size_t letter = pattern.find_first_not_of("0123456789", i + 1);
    const std::string digits = pattern.substr(i + 1, letter - i - 1);
    if (letter == i + 1 && pattern[letter] == '%') {
      *text += '%';
    } else {
      const bool number = letter != pattern.npos && pattern[letter] == 'd' &&
                          (digits.empty() || (digits.size() == 2 && digits[0] == '0' && digits[1] != '0'));
      REQUIRE(number && !parsed.width, "the output pattern '{}' may hold one number, %d or %01d to %09d, and %% for a percent sign",
              pattern);
      parsed.width = digits.empty() ? 1 : digits[1] - '0';
      text = &parsed.after;
    }
    i = letter;
  }
  return parsed;
}

}  // namespace

std::vector<fs::path> output_names(const std::string& pattern, int64_t count) {
  Pattern parsed = parse_pattern(pattern);
  const fs::path example = parsed.before + "1" + parsed.after;
  std::string extension = (parsed.width ? example : fs::path(parsed.before)).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  REQUIRE(extension == ".png" || extension == ".jpg" || extension == ".jpeg",
          "the output '{}' must end in .png, .jpg or .jpeg", pattern);
  if (!parsed.width) {
    if (count == 1) return {parsed.before};
    const size_t stem = parsed.before.size() - extension.size();
    parsed = {parsed.before.substr(0, stem) + "_", parsed.before.substr(stem), 1};
  }
  std::vector<fs::path> names;
  for (int64_t i = 1; i <= count; ++i)
    names.emplace_back(fmt::format("{}{:0{}}{}", parsed.before, i, *parsed.width, parsed.after));
  return names;
}

void check_writable(const fs::path& path, int64_t bytes) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  REQUIRE(fs::is_directory(folder, error), "{}: the folder {} does not exist", path.string(), folder.string());
  REQUIRE(!fs::is_directory(path, error), "{}: is a folder, a file name is expected", path.string());
  REQUIRE(::access(folder.c_str(), W_OK | X_OK) == 0, "{}: no files can be written in the folder {}", path.string(),
          folder.string());
  const fs::space_info space = fs::space(folder, error);
  // A file system of the kernel's own, such as /proc, says that it holds nothing at all.
  if (!error && space.capacity > 0 && static_cast<int64_t>(space.available) >= 0 && static_cast<int64_t>(space.available) < bytes)
    throw base::ResourceError(fmt::format("{}: the disk is full: {} bytes are free, about {} are needed", path.string(),
                                          space.available, bytes));
}

}  // namespace atelier::apps
