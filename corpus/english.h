#pragma once
/// The little English that exact captions need beside words.h: articles in place, number words, lists.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::corpus {

/// "an apple"
std::string with_article(std::string_view phrase);
/// "zero" to "twelve"; digits above.
std::string number_word(int64_t n);
/// "a cat", "a cat and a dog", "a cat, a dog and a key"
std::string list(const std::vector<std::string>& items);
/// ASCII letters in lower case.
std::string lower(std::string_view text);

}  // namespace atelier::corpus
