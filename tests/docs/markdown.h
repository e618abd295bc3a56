#pragma once
/// The repository's Markdown as its tests need it: blocks of code with their tags, code inside sentences, links.
#include <filesystem>
#include <string>
#include <vector>

namespace atelier::docs {

inline const std::filesystem::path kRepository = ATELIER_SOURCE_DIR;

/// Lines between fences. A block that is only indented has the tag "indented".
struct Block {
  int64_t line = 0;  // of its first line, counted from 1
  std::string tag;   // what stands behind the opening fence, such as "sh" or "sh parsed"
  std::string text;  // with a newline behind each line
};

/// A piece of a sentence, and where it stands.
struct Piece {
  int64_t line = 0;
  std::string text;
};

struct Document {
  std::vector<Block> blocks;
  std::vector<Piece> code;   // `like this`
  std::vector<Piece> links;  // targets of [text](target) and ![picture](target)
};

/// Reads GitHub's Markdown as far as this repository uses it: fences of three backticks that start a line, code in single
/// backticks, inline links.
Document read_markdown(const std::string& text);

/// Every file of the repository that ends so (".md"), relative to it, but those of folders that git ignores. Sorted.
std::vector<std::filesystem::path> files_ending(const std::string& extension, const std::filesystem::path& repository);

}  // namespace atelier::docs
