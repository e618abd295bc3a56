#pragma once
/// A language model as its users see it, whether it runs in this process (local_model.h) or behind an OpenAI-compatible
/// endpoint (chat.h): it continues a prompt, and where it can it says how likely given continuations are.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace atelier::text {

/// A stretch of a prompt: a template's own words, in which a local model reads control symbols such as <question>, or
/// what was filled in, which is data and never control.
struct PromptPiece {
  std::string text;
  bool control = false;
};
using Prompt = std::vector<PromptPiece>;

/// All pieces as one text.
std::string joined(const Prompt& prompt);

struct CompletionOptions {
  int64_t max_new_tokens = 20;
  double temperature = 0;          // 0: the most probable token
  uint64_t seed = 0;
  std::vector<std::string> stop = {};  // the text ends before the first of these; at most 4
};

struct Completion {
  std::string text;
  std::optional<double> log_probability;  // natural logarithm, of all its tokens together; where the model tells
};

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  /// @throws InvalidArgument for a prompt that is too long, ResourceError if the model cannot be reached,
  ///         Cancelled after Ctrl-C
  virtual Completion complete(const Prompt& prompt, const CompletionOptions& options) const = 0;

  /// Log-likelihood of each text as the whole continuation of the prompt, its end included.
  /// @param choices  at least one, none empty @return as many numbers; nothing if this model cannot tell
  virtual std::optional<std::vector<double>> score(const Prompt& prompt, const std::vector<std::string>& choices) const = 0;

  /// For people: "models/starter/text", "gpt-4o at https://…".
  virtual std::string name() const = 0;
};

/// UTF-8 with U+FFFD where bytes make no character: a model may stop in the middle of one.
std::string well_formed(const std::string& text);

/// Cuts a text before the first of the stop strings in it. @return true if there was one
bool cut_at_stop(std::string& text, const std::vector<std::string>& stop);

}  // namespace atelier::text
