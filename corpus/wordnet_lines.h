#pragma once
/// Lines of WordNet's files (wndb(5WN)): fields between blanks; lines that begin with one hold the licence.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

namespace atelier::corpus::wordnet {

constexpr int64_t kLargestFile = 64 << 20;  // bytes; the largest of version 3.0 has 16 million

/// Calls visit(line) for every line but the licence's and empty ones.
template <class Visit>
void each_line(std::string_view text, const Visit& visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin && text[begin] != ' ') visit(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

inline std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) out.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// @return -1 for what is no number
inline int64_t number(std::string_view text, int base = 10) {
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace atelier::corpus::wordnet
