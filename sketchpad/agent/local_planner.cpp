#include "sketchpad/agent/local_planner.h"

#include "base/error.h"
#include "base/progress.h"
#include "sketchpad/agent/call_grammar.h"
#include "sketchpad/agent/document.h"
#include "sketchpad/agent/quotes.h"
#include "sketchpad/agent/reply.h"

#include <c10/core/InferenceMode.h>

namespace atelier::sketchpad {

using text::TokenId;

/// A document that is being written, token by token.
class LocalPlanner::Writing {
 public:
  Writing(const text::TextComponent& component, const std::vector<TokenId>& prompt, int64_t room) : component_(component) {
    const int64_t positions = component.model.config().max_position_embeddings, length = static_cast<int64_t>(prompt.size()) + room;
    REQUIRE(length <= positions, "the trace is too long for the local planner: {} tokens with the next turn, of {}", length, positions);
    cache_.reserve(component.model.config(), 1, length);
    read(prompt);
  }

  void read(const std::vector<TokenId>& ids) {
    base::throw_if_cancelled();
    at::Tensor row = at::empty({1, static_cast<int64_t>(ids.size())}, at::kLong);
    std::copy(ids.begin(), ids.end(), row.data_ptr<int64_t>());
    const at::Tensor hidden = component_.model.forward(row.to(base::compute().device), cache_).slice(1, -1);
    logits_ = component_.model.logits(hidden).view({-1}).to(at::kCPU, at::kFloat).contiguous();
  }

  bool prefers(TokenId a, TokenId b) const { return logits_.const_data_ptr<float>()[a] >= logits_.const_data_ptr<float>()[b]; }

  /// The most probable token that `fits`, the most probable first; -1 if none does.
  template <class Fits>
  TokenId best(const Fits& fits) const {
    const auto order = logits_.argsort(0, /*descending=*/true);
    const auto* ids = order.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < order.numel(); ++i)
      if (ids[i] < component_.tokenizer.size() && fits(static_cast<TokenId>(ids[i]))) return static_cast<TokenId>(ids[i]);
    return -1;
  }

  /// Words up to the next control symbol, which is not read.
  /// @param fits  (written, whole): may the words begin, or be, like this?
  template <class Fits>
  std::string words(int64_t most, const Fits& fits) {
    std::vector<TokenId> ids;
    std::string text;
    while (static_cast<int64_t>(ids.size()) < most) {
      const TokenId next = best([&](TokenId id) {
        return component_.tokenizer.is_special(id) ? fits(text, true) : fits(text + component_.tokenizer.decode({id}), false);
      });
      if (next < 0 || component_.tokenizer.is_special(next)) break;
      ids.push_back(next);
      text = component_.tokenizer.decode(ids);
      read({next});
    }
    return text;
  }

  std::string call(const Toolbox& tools, const Quotes& quotes, int64_t most) {
    CallGrammar grammar(tools, &quotes);
    std::string text;
    for (int64_t i = 0; i < most && !grammar.complete(); ++i) {
      std::string bytes;
      std::optional<CallGrammar> after;
      const TokenId next = best([&](TokenId id) {
        if (component_.tokenizer.is_special(id)) return false;
        bytes = component_.tokenizer.decode({id});
        after = bytes.empty() ? std::nullopt : grammar.after(bytes);
        return after.has_value();
      });
      ASSERT(next >= 0);  // every byte is a token, and whatever was begun can end
      grammar = std::move(*after), text += bytes;
      read({next});
    }
    return text;
  }

 private:
  const text::TextComponent& component_;
  text::KvCache cache_;
  at::Tensor logits_;  // (vocab) fp32 on the CPU
};

LocalPlanner::LocalPlanner(std::shared_ptr<const text::TextComponent> component, const Toolbox& tools, std::string name, const LocalPlannerLimits& limits)
    : component_(std::move(component)), tools_(tools), name_(std::move(name)), limits_(limits), think_(component_->tokenizer.id("<think>")),
      act_(component_->tokenizer.id("<act>")), answer_(component_->tokenizer.id("<answer>")) {}

std::string LocalPlanner::reply(const Trace& trace, bool may_call) {
  const c10::InferenceMode guard;
  std::vector<TokenId> prompt = component_->begin;
  for (const DocumentPart& part : document(trace)) {
    prompt.push_back(component_->tokenizer.id(part.symbol));
    const auto ids = component_->tokenizer.encode(part.text);
    prompt.insert(prompt.end(), ids.begin(), ids.end());
  }
  const Quotes quotes(trace);
  const bool at_once = trace.budget.steps == 0;
  prompt.push_back(at_once ? answer_ : think_);
  Writing writing(*component_, prompt, limits_.thought + limits_.call + limits_.answer + 2);
  Move move;
  if (!at_once) {
    move.thought = writing.words(limits_.thought, [](std::string_view, bool) { return true; });
    if (may_call && writing.prefers(act_, answer_)) {
      writing.read({act_});
      return "THOUGHT: " + move.thought + "\nACTION: " + writing.call(tools_, quotes, limits_.call);
    }
    writing.read({answer_});
  }
  move.answer = writing.words(limits_.answer, [&](std::string_view text, bool whole) { return quotes.fit_answer(text, trace.problem.choices, whole); });
  return reply_text(move);
}

}  // namespace atelier::sketchpad
