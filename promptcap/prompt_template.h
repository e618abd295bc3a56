#pragma once
/// What a language model is asked: a file with the words around caption, question and examples.
///
/// Shipped (promptcap/templates): paper, PromptCap's prompt for GPT-3; unifiedqa, its prompt for UnifiedQA; local, what
/// our own text models were trained on. `{caption}`, `{question}`, `{answer}`, `{choices}`, `{ocr}` are filled in; a model
/// of this process reads control symbols in the words around them, never in what was filled in.
#include "base/config.h"
#include "text/client/language_model.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::promptcap {

struct PromptTemplate {
  std::string instruction;      // once, first
  std::string example;          // for each one, the most similar last
  std::string question;         // last
  std::string choice_question;  // in its place for models that cannot score choices: {choices} is "(1) a (2) b"
  std::string ocr;              // what {ocr} becomes where there is such text; nothing where there is none
  std::vector<std::string> stop;
  int64_t shots = 0;            // examples
  int64_t max_new_tokens = 20;

  /// One of shipped_templates(), or a file. @throws InvalidFile, InvalidArgument naming the shipped ones
  static PromptTemplate load(const std::string& name_or_path);

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::range;
    v("instruction", instruction, any());
    v("example", example, any());
    v("question", question, any());
    v("choice_question", choice_question, any());
    v("ocr", ocr, any());
    v("stop", stop, any());
    v("shots", shots, range(0, 64));
    v("max_new_tokens", max_new_tokens, range(1, 1024));
  }
};

const std::vector<std::string>& shipped_templates();

/// A caption, a question about it and its answer, as a language model is shown them.
struct Example {
  std::string caption, question, answer;
};

struct Asked {
  std::string caption, question, ocr;
  std::vector<std::string> choices;  // empty: a free answer
};

/// @param list_choices  choice_question in place of question
text::Prompt render(const PromptTemplate& form, const std::vector<Example>& examples, const Asked& asked, bool list_choices);

}  // namespace atelier::promptcap
