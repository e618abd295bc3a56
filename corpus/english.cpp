#include "corpus/english.h"

#include "corpus/words.h"

#include <fmt/format.h>

#include <array>

namespace atelier::corpus {

std::string with_article(std::string_view phrase) { return fmt::format("{} {}", article(phrase), phrase); }

std::string number_word(int64_t n) {
  static constexpr std::array<const char*, 13> kWords = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                                         "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return n >= 0 && n < static_cast<int64_t>(kWords.size()) ? std::string(kWords[n]) : std::to_string(n);
}

std::string list(const std::vector<std::string>& items) {
  std::string result;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) result += i + 1 == items.size() ? " and " : ", ";
    result += items[i];
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

}  // namespace atelier::corpus
