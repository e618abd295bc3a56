#include "promptcap/data/evaluation.h"

#include "base/error.h"
#include "base/progress.h"

#include <chrono>

namespace atelier::promptcap {
namespace {

/// Adds the seconds until its end to a sum.
class Timer {
 public:
  explicit Timer(double& sum) : sum_(sum) {}
  ~Timer() { sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

bool Evaluated::right(Way way) const { return normalise_answer(answers[static_cast<size_t>(way)]) == normalise_answer(question.answer); }

Evaluation::Evaluation(const Captioner& captioner, const text::LanguageModel& model, PromptTemplate form, CaptionOptions options)
    : captioner_(captioner), model_(model), form_(std::move(form)), options_(std::move(options)) {}

std::string Evaluation::answer(const std::string& caption, const std::string& question) {
  const Timer timer(seconds_.answer);
  ++seconds_.answers;
  return ask_language_model(model_, form_, {}, {caption, question, "", {}}).text;
}

void Evaluation::ask(const vision::Image& picture, const std::vector<corpus::Question>& questions, int64_t number) {
  const std::span<const vision::Image> pictures(&picture, 1);
  const auto caption_for = [&](const std::string& question) {
    const Timer timer(seconds_.caption);
    const Said said = captioner_.caption(pictures, question, options_);
    ++seconds_.captions;
    seconds_.caption_tokens += said.tokens;
    return said.text;
  };
  const std::string generic = caption_for("");
  for (const corpus::Question& question : questions) {
    base::throw_if_cancelled();
    Evaluated one = {question, {}, generic, caption_for(question.question), number};
    const auto& asked = question.question;
    one.answers[0] = answer("", asked);
    one.answers[1] = answer(one.generic, asked);
    one.answers[2] = answer(one.conditioned, asked);
    const Timer timer(seconds_.direct);
    one.answers[3] = captioner_.answer(pictures, asked, options_).text;
    ++seconds_.directs;
    results_.push_back(std::move(one));
  }
}

}  // namespace atelier::promptcap
