#include "apps/prompt.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <algorithm>

namespace atelier::apps {
namespace {

constexpr size_t kPromptBytes = 4096;
constexpr size_t kPrompts = 10000;

}  // namespace

void check_optional_prompt(std::string_view prompt, std::string_view what) {
  REQUIRE(prompt.size() <= kPromptBytes, "{} has {} bytes, at most {} are read", what, prompt.size(), kPromptBytes);
  REQUIRE(base::is_utf8(prompt), "{} is not valid UTF-8", what);
  for (size_t i = 0; i < prompt.size(); ++i) {
    const auto c = static_cast<uint8_t>(prompt[i]);
    // C1 controls, U+0080 to U+009F, are C2 80 to C2 9F
    const bool control = c < 0x20 || c == 0x7F || (c == 0xC2 && static_cast<uint8_t>(prompt[i + 1]) < 0xA0);
    REQUIRE(!control, "{} has a control character at byte {}; a prompt is one line of text", what, i + 1);
  }
}

void check_prompt(std::string_view prompt, std::string_view what) {
  REQUIRE(prompt.find_first_not_of(' ') != prompt.npos, "{} is empty; say what to draw, such as \"a red apple\"", what);
  check_optional_prompt(prompt, what);
}

std::vector<std::string> read_prompts(const std::string& path) {
  const std::string text = base::read_file(path == "-" ? "/dev/stdin" : path, kPrompts * kPromptBytes);
  const std::string name = path == "-" ? "stdin" : path;
  std::vector<std::string> prompts;
  int64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(' ') == line.npos) continue;
    check_prompt(line, fmt::format("{}, line {}", name, line_number));
    REQUIRE(prompts.size() < kPrompts, "{} has more than {} prompts", name, kPrompts);
    prompts.push_back(std::move(line));
  }
  CHECK_FILE(!prompts.empty(), name, "there is no prompt in it; one a line is expected");
  return prompts;
}

}  // namespace atelier::apps
