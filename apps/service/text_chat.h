#pragma once
/// A chat with a language model that knows questions and answers, token by token, with log-probabilities.
#include "apps/service/engine.h"
#include "text/tokenizer.h"
#include "text/transformer.h"

namespace atelier::service {

/// Not owned.
struct ChatModel {
  const text::TextModel& model;
  const text::Tokenizer& tokenizer;
  std::vector<text::TokenId> begin;  // what a text starts with
};

/// What the turns are for the model: <caption> before what a system message says, <question> and <answer> around what a
/// user asks; without these symbols in the vocabulary, their texts alone. What users wrote is never read as control.
std::vector<text::TokenId> chat_prompt(const ChatModel& text, const std::vector<ChatTurn>& turns);

/// @param on_token  false ends the answer; any control symbol of the model's ends it, too
/// @throws InvalidArgument if the prompt leaves no room for an answer
ChatOutcome chat(const ChatModel& text, const ChatTask& task, const std::function<bool(const ChatToken&)>& on_token);

}  // namespace atelier::service
