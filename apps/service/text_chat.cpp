#include "apps/service/text_chat.h"

#include "base/compute.h"
#include "base/error.h"
#include "text/sampling.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace atelier::service {
namespace {

/// @param logits (vocab) fp32 on the CPU
ChatToken describe(const text::Tokenizer& tokenizer, const Tensor& logits, text::TokenId id, int64_t top) {
  const Tensor logprobs = at::log_softmax(logits, 0);
  ChatToken token{tokenizer.decode({id}), logprobs[id].item<double>(), {}};
  if (top == 0) return token;
  const auto [values, ids] = logprobs.topk(std::min<int64_t>(top, logprobs.numel()));
  for (int64_t i = 0; i < values.numel(); ++i)
    token.top.emplace_back(tokenizer.decode({static_cast<text::TokenId>(ids[i].item<int64_t>())}), values[i].item<double>());
  return token;
}

}  // namespace

std::vector<text::TokenId> chat_prompt(const ChatModel& text, const std::vector<ChatTurn>& turns) {
  std::vector<text::TokenId> ids = text.begin;
  const auto control = [&](const char* symbol) {
    if (text.tokenizer.contains(symbol)) ids.push_back(text.tokenizer.id(symbol));
  };
  for (const ChatTurn& turn : turns) {
    if (turn.role == "system") control("<caption>");
    if (turn.role == "user") control("<question>");
    const auto words = text.tokenizer.encode(turn.text);
    ids.insert(ids.end(), words.begin(), words.end());
    if (turn.role == "user") control("<answer>");
  }
  return ids;
}

ChatOutcome chat(const ChatModel& text, const ChatTask& task, const std::function<bool(const ChatToken&)>& on_token) {
  const c10::InferenceMode inference;
  const std::vector<text::TokenId> prompt = chat_prompt(text, task.turns);
  const auto given = static_cast<int64_t>(prompt.size());
  const int64_t room = text.model.config().max_position_embeddings - given;
  REQUIRE(room >= 1, "the conversation has {} tokens; at most {} fit with an answer", given, text.model.config().max_position_embeddings - 1);
  const int64_t longest = std::min(task.max_tokens, room);

  text::KvCache cache;
  cache.reserve(text.model.config(), 1, given + longest);
  Tensor sequence = at::empty({given + longest}, at::kLong);  // (tokens)
  std::copy(prompt.begin(), prompt.end(), sequence.data_ptr<int64_t>());
  ChatOutcome outcome{given, 0, false};
  for (int64_t known = 0, length = given; outcome.completion_tokens < longest; known = length, ++length) {
    const Tensor fresh = sequence.narrow(0, known, length - known).unsqueeze(0).to(base::compute().device);  // (1, tokens)
    const Tensor logits = text.model.logits(text.model.forward(fresh, cache).slice(1, -1)).view({-1}).to(at::kCPU);
    base::Random random(task.seed, static_cast<uint64_t>(outcome.completion_tokens));
    const auto id = static_cast<text::TokenId>(text::sample_token(logits, sequence.narrow(0, 0, length), task.sampling, random));
    const bool end = text.tokenizer.is_special(id);  // <eos>, or the beginning of something that is no answer
    ++outcome.completion_tokens;
    outcome.ended = end;
    if (end || !on_token(describe(text.tokenizer, logits, id, task.top_logprobs))) break;
    sequence[length] = id;
  }
  return outcome;
}

}  // namespace atelier::service
