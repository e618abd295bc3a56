#include "promptcap/answerer.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace atelier::promptcap {
namespace {

constexpr size_t kQuestionBytes = 2048, kOcrBytes = 2048, kMostChoices = 64;

/// Language models put quotes, blanks and full stops around short answers.
std::string tidy(std::string text) {
  constexpr const char* kAround = " \t\r\n\"'.";
  const size_t begin = text.find_first_not_of(kAround);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

void check(const std::string& question, const AnswerOptions& options) {
  REQUIRE(question.find_first_not_of(' ') != question.npos, "there is no question");
  REQUIRE(question.size() <= kQuestionBytes, "the question has {} bytes; at most {} are read", question.size(), kQuestionBytes);
  REQUIRE(options.ocr.size() <= kOcrBytes, "the text of the picture has {} bytes; at most {} are read", options.ocr.size(), kOcrBytes);
  REQUIRE(options.choices.size() <= kMostChoices, "there may be {} choices, not {}", kMostChoices, options.choices.size());
  for (const std::string& choice : options.choices) REQUIRE(choice.find_first_not_of(' ') != choice.npos, "a choice is empty");
}

/// The likeliest choice, its probability among them.
void choose(const std::vector<std::string>& choices, const std::vector<double>& scores, Answer& answer) {
  const auto best = std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - *best);
  answer.text = choices[best - scores.begin()];
  answer.log_probability = -std::log(sum);
}

void recognise_cannot_tell(Answer& answer) {
  if (answer.text.empty() || is_cannot_tell(answer.text)) {
    answer.text = kCannotTell;
    answer.can_tell = false;
  }
}

}  // namespace

Answer ask_language_model(const text::LanguageModel& model, const PromptTemplate& form, const std::vector<Example>& examples, const Asked& asked) {
  Answer answer;
  answer.caption = asked.caption;
  answer.examples = examples;
  const text::Prompt prompt = render(form, examples, asked, false);
  if (!asked.choices.empty()) {
    // Behind "A:" an answer starts with a blank, behind a control symbol with its first letter.
    std::vector<std::string> continuations = asked.choices;
    if (prompt.back().text.ends_with(':'))
      for (std::string& choice : continuations) choice.insert(0, " ");
    if (const auto scores = model.score(prompt, continuations)) {
      choose(asked.choices, *scores, answer);
      return answer;
    }
  }
  const bool list = !asked.choices.empty();
  const text::Completion completion = model.complete(list ? render(form, examples, asked, true) : prompt,
                                                     {.max_new_tokens = form.max_new_tokens, .stop = form.stop});
  answer.text = tidy(completion.text);
  answer.log_probability = completion.log_probability;
  if (list)
    answer.text = asked.choices[closest_choice(answer.text, asked.choices)];
  else
    recognise_cannot_tell(answer);
  return answer;
}

Answerer::Answerer(const Captioner& captioner, const text::LanguageModel& model, PromptTemplate form, const ExamplePool* pool,
                   const retrieval::Embedder* embedder)
    : captioner_(captioner), model_(model), form_(std::move(form)), pool_(pool), embedder_(embedder) {
  ASSERT((pool == nullptr) == (embedder == nullptr));
}

Answer Answerer::answer(Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options) const {
  const Prepared prepared = prepare(pictures, question, options);
  return ask_language_model(model_, form_, prepared.examples, prepared.asked);
}

Answerer::Prepared Answerer::prepare(Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options) const {
  check(question, options);
  const std::string caption = captioner_.caption(pictures, question, options.caption).text;
  std::vector<Example> examples;
  if (const int64_t shots = options.shots.value_or(form_.shots); pool_ && shots > 0) examples = pool_->choose(*embedder_, question, pictures.front(), shots);
  return {std::move(examples), {caption, question, options.ocr, options.choices}};
}

Answer answer_directly(const Captioner& captioner, Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options) {
  check(question, options);
  Answer answer;
  if (!options.choices.empty()) {
    choose(options.choices, captioner.score(pictures, question, options.choices), answer);
    return answer;
  }
  Said said = captioner.answer(pictures, question, options.caption);
  answer.text = std::move(said.text);
  answer.log_probability = said.log_probability;
  recognise_cannot_tell(answer);
  return answer;
}

}  // namespace atelier::promptcap
