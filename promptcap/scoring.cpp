#include "promptcap/scoring.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <functional>
#include <cctype>
#include <numeric>

namespace atelier::promptcap {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

int64_t edits(std::string_view a, std::string_view b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = std::exchange(row[0], static_cast<int64_t>(i));
    for (size_t j = 1; j <= b.size(); ++j) diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row.back();
}

/// "(2) a cat", "2", "2." -> 1; -1 where no number stands first.
int64_t leading_number(std::string_view said, size_t choices) {
  if (said.starts_with('(')) said.remove_prefix(1);
  size_t end = 0;
  int64_t number = 0;
  for (; end < said.size() && end < 4 && std::isdigit(static_cast<unsigned char>(said[end])); ++end) number = number * 10 + (said[end] - '0');
  const bool ends = end == said.size() || said[end] == ')' || said[end] == '.' || said[end] == ' ';
  return end > 0 && ends && number >= 1 && number <= static_cast<int64_t>(choices) ? number - 1 : -1;
}

/// Whole words alone: " red apple " holds " red ", "redder" does not.
bool names(const std::string& text, const std::string& phrase) { return (" " + text + " ").find(" " + phrase + " ") != std::string::npos; }

}  // namespace

std::string normalise_answer(std::string_view answer) {
  std::string plain;
  for (const char c : answer)
    if (c != '.' && c != ',') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string out;
  for (const std::string& word : split(plain)) {
    if (word == "a" || word == "an" || word == "the") continue;
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

size_t closest_choice(std::string_view answer, const std::vector<std::string>& choices) {
  REQUIRE(!choices.empty(), "there are no choices");
  const std::string said = normalise_answer(answer);
  std::vector<std::string> plain;
  for (const std::string& choice : choices) plain.push_back(normalise_answer(choice));
  if (const auto equal = std::find(plain.begin(), plain.end(), said); equal != plain.end()) return static_cast<size_t>(equal - plain.begin());
  if (const int64_t number = leading_number(said, choices.size()); number >= 0) return static_cast<size_t>(number);
  // "it is a fox" names one choice, "socks" is a part of one.
  const auto named = [&](const std::string& choice) { return names(said, choice); };
  const auto part_of = [&](const std::string& choice) { return !said.empty() && names(choice, said); };
  for (const auto& meant : {std::function<bool(const std::string&)>(named), std::function<bool(const std::string&)>(part_of)})
    if (std::count_if(plain.begin(), plain.end(), meant) == 1) return static_cast<size_t>(std::find_if(plain.begin(), plain.end(), meant) - plain.begin());
  const auto fewer = [&](const std::string& a, const std::string& b) { return edits(said, a) < edits(said, b); };
  return static_cast<size_t>(std::min_element(plain.begin(), plain.end(), fewer) - plain.begin());
}

bool is_cannot_tell(std::string_view answer) {
  static constexpr std::array<std::string_view, 14> kWays = {
      "cannot tell", "can't tell", "cannot be determined", "can't be determined", "cannot be answered", "not mentioned", "not specified",
      "not stated", "does not say", "doesn't say", "does not mention", "unanswerable", "unknown", "don't know"};
  const std::string said = normalise_answer(answer);
  return std::any_of(kWays.begin(), kWays.end(), [&](std::string_view way) { return names(said, std::string(way)); });
}

}  // namespace atelier::promptcap
