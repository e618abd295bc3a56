#pragma once
/// From a picture and a question to an answer, through a language model that sees only words (PromptCap, 3.3):
///   caption for the question -> examples like it -> language model -> short answer
/// or without one: the joint model answers directly.
///
///   const Captioner captioner(pipeline);
///   const Answerer answerer(captioner, model, PromptTemplate::load("paper"));
///   const Answer answer = answerer.answer(pictures, "what is left of the dog?");
#include "promptcap/captioner.h"
#include "promptcap/examples.h"
#include "promptcap/scoring.h"

namespace atelier::promptcap {

struct AnswerOptions {
  std::vector<std::string> choices = {};  // empty: a free answer
  std::string ocr = {};                   // text that was read in the picture
  CaptionOptions caption = {};            // of the caption, and of direct answers
  std::optional<int64_t> shots = {};      // examples; absent: as many as the template asks for
};

struct Answer {
  std::string text;                  // short; one of the choices if there were some; kCannotTell where the picture does not say
  std::string caption;               // empty if the joint model answered directly
  std::vector<Example> examples;     // as the language model saw them, the most similar last
  std::optional<double> log_probability;  // of the answer; of choices that could be scored: among them
  bool can_tell = true;
};

class Answerer {
 public:
  /// @param captioner, model, pool, embedder  not owned, must outlive this
  /// @param pool, embedder  both or neither; without them there are no examples
  Answerer(const Captioner& captioner, const text::LanguageModel& model, PromptTemplate form, const ExamplePool* pool = nullptr,
           const retrieval::Embedder* embedder = nullptr);

  Answer answer(Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options = {}) const;
  /// What answer() asks the language model, for callers that ask it elsewhere (ask_language_model).
  struct Prepared {
    std::vector<Example> examples;
    Asked asked;
  };
  Prepared prepare(Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options = {}) const;

 private:
  const Captioner& captioner_;
  const text::LanguageModel& model_;
  PromptTemplate form_;
  const ExamplePool* pool_;
  const retrieval::Embedder* embedder_;
};

/// By the joint model alone. @param options  its examples and OCR text are for language models, and not read
/// @throws InvalidArgument for no question, one that is too long, or pictures that are none or too many for a Captioner
Answer answer_directly(const Captioner& captioner, Captioner::Pictures pictures, const std::string& question, const AnswerOptions& options = {});

/// What a language model answers to a caption and a question; `answer` uses it.
Answer ask_language_model(const text::LanguageModel& model, const PromptTemplate& form, const std::vector<Example>& examples, const Asked& asked);

}  // namespace atelier::promptcap
