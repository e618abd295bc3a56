#pragma once
/// What question-conditioned captions are worth: the same questions answered in four ways, by kind of question.
#include "promptcap/answerer.h"
#include "promptcap/data/picture_questions.h"

#include <array>
#include <string>
#include <vector>

namespace atelier::promptcap {

/// (a) the language model without the picture, (b) with a generic caption, (c) with a caption for the question, (d) the
/// joint model answering directly.
enum class Way { blind, generic, conditioned, direct };
inline constexpr std::array<const char*, 4> kWays = {"a blind", "b generic", "c conditioned", "d direct"};

struct Evaluated {
  corpus::Question question;
  std::array<std::string, 4> answers;  // by Way
  std::string generic, conditioned;    // captions
  int64_t picture = 0;                 // a number of the caller's
  /// Equal after normalise_answer.
  bool right(Way way) const;
};

struct EvaluationSeconds {
  double caption = 0, answer = 0, direct = 0;  // sums over what was asked
  int64_t captions = 0, answers = 0, directs = 0, caption_tokens = 0;
};

class Evaluation {
 public:
  /// @param form  how the model is asked, without examples
  Evaluation(const Captioner& captioner, const text::LanguageModel& model, PromptTemplate form, CaptionOptions options);

  /// @param number  kept in the results
  void ask(const vision::Image& picture, const std::vector<corpus::Question>& questions, int64_t number);

  const std::vector<Evaluated>& results() const { return results_; }
  const EvaluationSeconds& seconds() const { return seconds_; }

 private:
  std::string answer(const std::string& caption, const std::string& question);

  const Captioner& captioner_;
  const text::LanguageModel& model_;
  PromptTemplate form_;
  CaptionOptions options_;
  std::vector<Evaluated> results_;
  EvaluationSeconds seconds_;
};

}  // namespace atelier::promptcap
