#pragma once
/// Words as titles, tags and captions write them: lower case, plain ASCII, single spaces.
#include <string>
#include <string_view>
#include <vector>

namespace atelier::corpus {

/// Latin letters without accents, straight quotes, plain hyphens; any other character outside ASCII becomes a space.
/// Lower case. "Côte d’Ivoire" -> "cote d'ivoire".
std::string fold(std::string_view text);

/// Runs of letters and digits of the folded text: "yo-yo's" -> {"yo", "yo", "s"}.
std::vector<std::string> words(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view between);

/// The letters and digits alone: "Woman’s hat" -> "womanshat". Sources spell names in many ways; these are equal.
std::string squash(std::string_view text);

/// "a" or "an", by sound: "an hour glass", "a unicorn", "an x-ray", "an 8 ball".
std::string_view article(std::string_view text);

/// Whether "a" may stand before a title: not before plurals, numbers and what comes by the bowl ("rice").
bool takes_article(std::string_view title);

/// "cherry" -> "cherries", "ox" -> "oxen". English rules and the few irregular nouns that pictures show.
std::string plural(std::string_view noun);

/// The singular of a regular plural, or the word itself: "socks" -> "sock", "cherries" -> "cherry", "bus" -> "bus".
std::string singular(std::string_view noun);

}  // namespace atelier::corpus
