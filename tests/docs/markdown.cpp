#include "tests/docs/markdown.h"

#include "base/error.h"

#include <algorithm>
#include <sstream>

namespace atelier::docs {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFence = "```";

/// An item of a list may have indented paragraphs, which are no code.
bool begins_item(std::string_view line) {
  const size_t word = line.find_first_not_of(' ');
  if (word == line.npos) return false;
  const std::string_view rest = line.substr(word);
  if (rest.starts_with("- ") || rest.starts_with("* ")) return true;
  const size_t digits = rest.find_first_not_of("0123456789");
  return digits != 0 && digits != rest.npos && rest.substr(digits).starts_with(". ");
}

void read_sentence(const std::string& line, int64_t number, Document& document) {
  for (size_t open = line.find('`'); open != line.npos;) {
    const size_t close = line.find('`', open + 1);
    if (close == line.npos) break;
    document.code.push_back({number, line.substr(open + 1, close - open - 1)});
    open = line.find('`', close + 1);
  }
  for (size_t at = line.find("]("); at != line.npos; at = line.find("](", at + 1)) {
    const size_t close = line.find(')', at);
    if (close != line.npos) document.links.push_back({number, line.substr(at + 2, close - at - 2)});
  }
}

}  // namespace

Document read_markdown(const std::string& text) {
  Document document;
  std::istringstream lines(text);
  std::string line;
  bool fenced = false, indented = false, blank = true, item = false;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    const bool empty = line.find_first_not_of(' ') == line.npos, deep = line.starts_with("    ") && !empty;
    if (line.starts_with(kFence)) {
      fenced = !fenced;
      if (fenced) document.blocks.push_back({number + 1, line.substr(kFence.size()), ""});
      indented = item = false;
    } else if (fenced) {
      document.blocks.back().text += line + "\n";
    } else if (deep && (indented || (blank && !item))) {
      if (!indented) document.blocks.push_back({number, "indented", ""});
      document.blocks.back().text += line + "\n";
      indented = true;
    } else {
      indented = false;
      if (begins_item(line)) item = true;
      else if (!empty && line.front() != ' ') item = false;
      read_sentence(line, number, document);
    }
    blank = empty;
  }
  REQUIRE(!fenced, "a fence is not closed");
  return document;
}

std::vector<fs::path> files_ending(const std::string& extension, const fs::path& repository) {
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(repository); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory()) {
      if (name.starts_with('.') || name.starts_with("build") || name == "runs" || name == "node_modules") entry.disable_recursion_pending();
    } else if (entry->path().extension() == extension) {
      files.push_back(fs::relative(entry->path(), repository));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace atelier::docs
