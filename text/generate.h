#pragma once
/// Continuing a text with a language model, a token at a time, over a key-value cache.
#include "text/sampling.h"
#include "text/tokenizer.h"
#include "text/transformer.h"

#include <functional>

namespace atelier::text {

struct GenerateConfig {
  SamplingConfig sampling = {};
  int64_t max_new_tokens = 128;
  std::vector<TokenId> stop = {};  // ends the text; returned as its last token
  uint64_t seed = 0;
};

/// @param on_token   called with each token as it comes; false ends the text
/// @return the new tokens
/// @throws InvalidArgument if prompt and max_new_tokens do not fit the model's positions, or the prompt is empty
/// @throws Cancelled after Ctrl-C
std::vector<TokenId> generate(const TextModel& model, const std::vector<TokenId>& prompt, const GenerateConfig& config,
                              const std::function<bool(TokenId)>& on_token = {});

/// A model with its tokenizer and its symbols, as a component folder holds them.
struct TextComponent {
  Tokenizer tokenizer;
  TextModel model;
  std::vector<TokenId> begin;  // what a text starts with: bos, or nothing
  std::vector<TokenId> end;    // what may end it

  /// A folder with config.json, weights, tokenizer.json and perhaps generation_config.json, ours or Hugging Face's.
  /// @throws InvalidFile
  static TextComponent load(const std::filesystem::path& folder);
};

}  // namespace atelier::text
