#include "promptcap/data/filter.h"

namespace atelier::promptcap {

std::vector<int64_t> filter_captions(const text::LocalLanguageModel& model, const PromptTemplate& form, std::span<const Candidates> questions) {
  std::vector<int64_t> kept(questions.size(), -1);
  for (size_t candidate = 0;; ++candidate) {
    std::vector<size_t> open;
    std::vector<text::Prompt> prompts;
    std::vector<std::string> answers;
    for (size_t i = 0; i < questions.size(); ++i) {
      if (kept[i] >= 0 || candidate >= questions[i].captions.size()) continue;
      open.push_back(i);
      prompts.push_back(render(form, {}, {questions[i].captions[candidate], questions[i].question.question, "", {}}, false));
      answers.push_back(questions[i].question.answer);
    }
    if (open.empty()) return kept;
    const std::vector<bool> right = model.would_say(prompts, answers);
    for (size_t i = 0; i < open.size(); ++i)
      if (right[i]) kept[open[i]] = static_cast<int64_t>(candidate);
  }
}

void count_kept(std::span<const Candidates> questions, std::span<const int64_t> kept, std::map<std::string, FilterCount>& counts) {
  for (size_t i = 0; i < questions.size(); ++i) {
    FilterCount& count = counts[questions[i].question.kind];
    ++count.questions;
    count.kept += kept[i] >= 0;
    count.first += kept[i] == 0;
  }
}

}  // namespace atelier::promptcap
