#pragma once
/// A language model of this process: ours, or any that text/generate.h reads.
#include "text/client/language_model.h"
#include "text/generate.h"

namespace atelier::text {

class LocalLanguageModel : public LanguageModel {
 public:
  /// @param model, tokenizer  not owned, must outlive this @param begin, end  as in TextComponent
  LocalLanguageModel(const TextModel& model, const Tokenizer& tokenizer, std::vector<TokenId> begin, std::vector<TokenId> end,
                     std::string name);
  /// @param component  not owned, must outlive this
  LocalLanguageModel(const TextComponent& component, std::string name);

  Completion complete(const Prompt& prompt, const CompletionOptions& options) const override;
  /// Exact: the prompt is read once, and each choice behind it; the model's own end symbol counts as its end.
  std::optional<std::vector<double>> score(const Prompt& prompt, const std::vector<std::string>& choices) const override;
  std::string name() const override { return name_; }

  /// For each prompt, whether its likeliest completion, token by token, is this text and then the end: one pass over a
  /// batch, no decoding. PromptCap's filter asks it of every caption. @param texts  one a prompt
  std::vector<bool> would_say(const std::vector<Prompt>& prompts, const std::vector<std::string>& texts) const;

 private:
  /// Begin symbols, then the pieces; control symbols only in those that may hold some.
  std::vector<TokenId> encode(const Prompt& prompt) const;
  /// Sum of the log-probabilities of each continuation behind the prompt.
  std::vector<double> log_likelihoods(const std::vector<TokenId>& prompt, const std::vector<std::vector<TokenId>>& continuations) const;

  const TextModel& model_;
  const Tokenizer& tokenizer_;
  std::vector<TokenId> begin_, end_;
  std::string name_;
};

}  // namespace atelier::text
