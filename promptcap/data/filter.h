#pragma once
/// PromptCap's filter (3.2): a caption is kept only if a language model that sees nothing but the caption answers the
/// question rightly. Of several that do, the one that tells least.
#include "corpus/scenes.h"
#include "promptcap/prompt_template.h"
#include "text/client/local_model.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace atelier::promptcap {

struct Candidates {
  corpus::Question question;
  std::vector<std::string> captions;  // from the one that tells least
};

/// The filter's work in figures, by kind of question.
struct FilterCount {
  int64_t questions = 0, kept = 0;
  int64_t first = 0;  // of the kept ones, those whose first candidate passed
};

/// @param form  how the model is asked, without examples
/// @return for each question the place of the first caption that passed; -1: none
std::vector<int64_t> filter_captions(const text::LocalLanguageModel& model, const PromptTemplate& form, std::span<const Candidates> questions);

/// Adds what a run of the filter decided.
void count_kept(std::span<const Candidates> questions, std::span<const int64_t> kept, std::map<std::string, FilterCount>& counts);

}  // namespace atelier::promptcap
