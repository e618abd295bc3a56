// What the documents point at is there.
#include "base/error.h"
#include "base/files.h"
#include "tests/docs/markdown.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace atelier::docs {
namespace {

namespace fs = std::filesystem;

/// Folders that the repository's own words may begin with: those of the tree itself, not what users make.
bool in_the_tree(const std::string& path) {
  const std::string top = path.substr(0, path.find('/'));
  for (const char* made : {"runs", "build"})
    if (top == made) return false;
  return !top.empty() && top.front() != '.' && fs::is_directory(kRepository / top);
}

/// `fusion/towers.h`, `apps/web/*`, `fusion/{a,b}.cpp`: a path and nothing else.
bool looks_like_a_path(const std::string& text) {
  return text.find('/') != text.npos && text.find_first_of(" <>$(=:,") == text.npos && in_the_tree(text);
}

bool exists(const std::string& path) {
  if (path.find('*') == path.npos) return fs::exists(kRepository / path);
  const fs::path folder = kRepository / fs::path(path).parent_path();
  if (!fs::is_directory(folder)) return false;
  const auto entries = fs::directory_iterator(folder);
  return std::any_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    return fnmatch(fs::path(path).filename().c_str(), entry.path().filename().c_str(), 0) == 0;
  });
}

TEST(DocsReferences, LinksLeadSomewhere) {
  for (const fs::path& file : files_ending(".md", kRepository))
    for (const Piece& link : read_markdown(base::read_file(kRepository / file)).links) {
      const std::string target = link.text.substr(0, link.text.find('#'));
      if (target.empty() || target.find("://") != target.npos) continue;
      EXPECT_TRUE(fs::exists(kRepository / file.parent_path() / target)) << file << ", line " << link.line << ": " << link.text;
    }
}

TEST(DocsReferences, PathsInSentencesExist) {
  int64_t seen = 0;
  for (const fs::path& file : files_ending(".md", kRepository))
    for (const Piece& code : read_markdown(base::read_file(kRepository / file)).code) {
      if (!looks_like_a_path(code.text)) continue;
      ++seen;
      EXPECT_TRUE(exists(code.text)) << file << ", line " << code.line << ": `" << code.text << "`";
    }
  EXPECT_GT(seen, 50) << "the documents name many more paths than this";
}

// `file.cpp:function` says that the function is in the file: docs/architecture.md follows calls so.
TEST(DocsReferences, NamesBehindAColonStandInTheFile) {
  int64_t seen = 0;
  for (const fs::path& file : files_ending(".md", kRepository))
    for (const Piece& code : read_markdown(base::read_file(kRepository / file)).code) {
      const size_t colon = code.text.find(':');
      if (colon == code.text.npos || colon + 1 == code.text.size() || !looks_like_a_path(code.text.substr(0, colon))) continue;
      ++seen;
      const std::string path = code.text.substr(0, colon), name = code.text.substr(colon + 1);
      ASSERT_TRUE(fs::is_regular_file(kRepository / path)) << file << ", line " << code.line << ": `" << code.text << "`";
      EXPECT_NE(base::read_file(kRepository / path).find(name), std::string::npos) << file << ", line " << code.line << ": `" << code.text << "`";
    }
  EXPECT_GT(seen, 10) << "docs/architecture.md names functions";
}

}  // namespace
}  // namespace atelier::docs
