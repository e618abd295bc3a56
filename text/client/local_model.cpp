#include "text/client/local_model.h"

#include "base/error.h"
#include "base/progress.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace atelier::text {
namespace {

constexpr size_t kRows = 64;  // of a batch

Tensor as_ids(const std::vector<TokenId>& ids) {
  return at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0).to(base::compute().device);
}

}  // namespace

LocalLanguageModel::LocalLanguageModel(const TextModel& model, const Tokenizer& tokenizer, std::vector<TokenId> begin,
                                       std::vector<TokenId> end, std::string name)
    : model_(model), tokenizer_(tokenizer), begin_(std::move(begin)), end_(std::move(end)), name_(std::move(name)) {}

LocalLanguageModel::LocalLanguageModel(const TextComponent& component, std::string name)
    : LocalLanguageModel(component.model, component.tokenizer, component.begin, component.end, std::move(name)) {}

std::vector<TokenId> LocalLanguageModel::encode(const Prompt& prompt) const {
  std::vector<TokenId> ids = begin_;
  // Neighbours of one kind are one text, or their border would be a border of tokens.
  for (size_t i = 0; i < prompt.size();) {
    std::string text;
    const bool control = prompt[i].control;
    for (; i < prompt.size() && prompt[i].control == control; ++i) text += prompt[i].text;
    const auto piece = tokenizer_.encode(text, control);
    ids.insert(ids.end(), piece.begin(), piece.end());
  }
  return ids;
}

Completion LocalLanguageModel::complete(const Prompt& prompt, const CompletionOptions& options) const {
  const std::vector<TokenId> ids = encode(prompt);
  std::vector<TokenId> words;  // without an end symbol
  std::string text;
  const GenerateConfig config = {.sampling = {.temperature = options.temperature}, .max_new_tokens = options.max_new_tokens,
                                 .stop = end_, .seed = options.seed};
  const auto is_end = [&](TokenId id) { return std::find(end_.begin(), end_.end(), id) != end_.end(); };
  const auto tokens = generate(model_, ids, config, [&](TokenId id) {
    if (!is_end(id)) words.push_back(id);
    text = tokenizer_.decode(words);
    return !cut_at_stop(text, options.stop);
  });
  return {well_formed(text), log_likelihoods(ids, {tokens}).front()};
}

std::optional<std::vector<double>> LocalLanguageModel::score(const Prompt& prompt, const std::vector<std::string>& choices) const {
  REQUIRE(!choices.empty(), "there are no choices");
  std::vector<std::vector<TokenId>> continuations;
  for (const std::string& choice : choices) {
    continuations.push_back(tokenizer_.encode(choice));
    REQUIRE(!continuations.back().empty(), "a choice is empty");
    if (!end_.empty()) continuations.back().push_back(end_.front());
  }
  return log_likelihoods(encode(prompt), continuations);
}

std::vector<bool> LocalLanguageModel::would_say(const std::vector<Prompt>& prompts, const std::vector<std::string>& texts) const {
  ASSERT(prompts.size() == texts.size() && !end_.empty());
  const c10::InferenceMode inference;
  const auto is_end = [&](int64_t id) { return std::find(end_.begin(), end_.end(), id) != end_.end(); };
  std::vector<bool> says;
  for (size_t begin = 0; begin < prompts.size(); begin += kRows) {
    base::throw_if_cancelled();
    const size_t rows = std::min(kRows, prompts.size() - begin);
    std::vector<std::vector<TokenId>> before, text;
    size_t longest = 0;
    for (size_t i = 0; i < rows; ++i) {
      before.push_back(encode(prompts[begin + i]));
      text.push_back(tokenizer_.encode(texts[begin + i]));
      longest = std::max(longest, before[i].size() + text[i].size());
    }
    REQUIRE(static_cast<int64_t>(longest) <= model_.config().max_position_embeddings, "{} tokens of prompt and text are more than the model's {} positions",
            longest, model_.config().max_position_embeddings);
    // Padding stands behind what counts, where nothing sees it.
    Tensor ids = at::zeros({static_cast<int64_t>(rows), static_cast<int64_t>(longest)}, at::kLong);
    std::vector<int64_t> places;  // whose next tokens are the text's and its end
    for (size_t i = 0; i < rows; ++i) {
      auto* row = ids.data_ptr<int64_t>() + i * longest;
      std::copy(text[i].begin(), text[i].end(), std::copy(before[i].begin(), before[i].end(), row));
      for (size_t k = 0; k <= text[i].size(); ++k) places.push_back(static_cast<int64_t>(i * longest + before[i].size() - 1 + k));
    }
    KvCache cache;
    const Tensor hidden = model_.forward(ids.to(base::compute().device), cache).flatten(0, 1);  // (rows * longest, hidden)
    const Tensor likeliest = model_.logits(hidden.index_select(0, at::tensor(places, at::kLong).to(hidden.device()))).argmax(-1).to(at::kCPU);
    const int64_t* next = likeliest.data_ptr<int64_t>();
    for (size_t i = 0; i < rows; ++i) {
      const int64_t* end = next + text[i].size();
      says.push_back(std::equal(text[i].begin(), text[i].end(), next) && is_end(*end));
      next = end + 1;
    }
  }
  return says;
}

std::vector<double> LocalLanguageModel::log_likelihoods(const std::vector<TokenId>& prompt,
                                                        const std::vector<std::vector<TokenId>>& continuations) const {
  size_t longest = 0;
  for (const auto& continuation : continuations) longest = std::max(longest, continuation.size());
  const int64_t positions = model_.config().max_position_embeddings;
  REQUIRE(!prompt.empty(), "the prompt is empty");
  REQUIRE(static_cast<int64_t>(prompt.size() + longest) <= positions, "{} tokens of prompt and {} of answer are more than the model's {} positions",
          prompt.size(), longest, positions);
  const c10::InferenceMode inference;
  KvCache prefix;
  const Tensor before = model_.forward(as_ids(prompt), prefix).slice(1, -1);  // (1, 1, hidden): what the first token is read from
  std::vector<double> sums;
  for (const auto& continuation : continuations) {
    base::throw_if_cancelled();
    const Tensor ids = as_ids(continuation);  // (1, tokens)
    Tensor hidden = before;
    if (ids.size(1) > 1) {
      KvCache branch = prefix;
      hidden = at::cat({before, model_.forward(ids.slice(1, 0, -1), branch)}, 1);  // (1, tokens, hidden)
    }
    const Tensor all = model_.logits(hidden).log_softmax(-1);                    // (1, tokens, vocab)
    sums.push_back(all.gather(2, ids.unsqueeze(-1)).to(at::kDouble).sum().item<double>());
  }
  return sums;
}

}  // namespace atelier::text
