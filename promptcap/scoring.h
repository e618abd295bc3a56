#pragma once
/// How near an answer comes to those that count as right, and a caption to those that people wrote.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::promptcap {

/// Lower case, without '.' and ',', articles, and blanks around and between: "The Red apple." -> "red apple".
std::string normalise_answer(std::string_view answer);

/// Which of the choices a language model's words mean: an equal one, a number ("(2)", "2"), the only one that is named
/// in them or that they are a part of, else the one with the fewest edits.
size_t closest_choice(std::string_view said, const std::vector<std::string>& choices);

/// True for "cannot tell" and the ways in which language models say that a context does not tell.
bool is_cannot_tell(std::string_view answer);
inline constexpr const char* kCannotTell = "cannot tell";

/// CIDEr-D (Vedantam et al. 2015; pycocoevalcap's figures) of each caption against its references, whose n-grams
/// (1 to 4) also give the weights. @param references  at least one each @return one score a caption, in [0, 10]
std::vector<double> cider(const std::vector<std::string>& captions, const std::vector<std::vector<std::string>>& references);

}  // namespace atelier::promptcap
