#include "fusion/understanding.h"

#include "base/error.h"
#include "base/progress.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <limits>

namespace atelier::fusion {
namespace {

/// The given sequences of a context. Its latest words are left as they are: only a picture would look at them, and none
/// follows before more text does.
Context select_rows(const Context& context, const Tensor& rows) {
  ASSERT(!context.cache.start.defined());
  const base::TowerKeyValues all = context.cache.contents();
  Context selected = context;
  selected.cache = {};
  selected.cache.propose(base::TowerKeyValues{all.keys.index_select(1, rows), all.values.index_select(1, rows)});
  selected.cache.commit();
  selected.next = context.next.index_select(0, rows);
  if (context.seen.defined()) selected.seen = context.seen.index_select(1, rows);
  return selected;
}

}  // namespace

UnderstandingSymbols UnderstandingSymbols::of(const text::Tokenizer& tokenizer) {
  return {tokenizer.id("<bos>"), tokenizer.id("<eos>"),      tokenizer.id("<boi>"),    tokenizer.id("<eoi>"),
          tokenizer.id("<question>"), tokenizer.id("<caption>"), tokenizer.id("<answer>")};
}

UnderstandingLayout understanding_layout(const std::vector<int32_t>& question, Reply reply, const UnderstandingSymbols& s) {
  ASSERT(!question.empty() || reply == Reply::caption);
  UnderstandingLayout layout = {{s.bos}, {s.eoi, s.boi}, {s.eoi}};
  if (!question.empty()) {
    layout.before.push_back(s.question);
    layout.before.insert(layout.before.end(), question.begin(), question.end());
    layout.after.push_back(reply == Reply::caption ? s.caption : s.answer);
  }
  layout.before.push_back(s.boi);
  return layout;
}

Context read_pictures(const FusionModel& model, const UnderstandingLayout& layout, const std::vector<Tensor>& pictures,
                      const std::vector<ContextDocument>& documents, const UnderstandingSymbols& symbols) {
  ASSERT(!pictures.empty());
  const c10::InferenceMode inference;
  Context context = begin_with_documents(model, documents, layout.before, symbols.bos, symbols.boi, symbols.eoi);
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (i > 0) model.append_text(context, as_ids(model, layout.between));
    model.append_picture(context, pictures[i].to(context.next.device()));
  }
  return context;
}

Decoder::Decoder(const FusionModel& model, const Context& context, std::vector<int32_t> after, Tensor allowed)
    : model_(model), context_(context), after_(std::move(after)), forbidden_(allowed.logical_not().to(context.next.device())) {
  ASSERT(!after_.empty() && context.batch() == 1 && forbidden_.size(0) == model.text().config().vocab_size);
}

Tensor Decoder::logits(Context& context, const Tensor& ids) const {
  base::throw_if_cancelled();
  const Tensor hidden = model_.append_text(context, ids.to(context.next.device()));
  return model_.text().logits(hidden).masked_fill(forbidden_, -std::numeric_limits<double>::infinity());
}

std::vector<text::Beam> Decoder::beams(const text::BeamConfig& config) const {
  const c10::InferenceMode inference;
  Context context = context_;
  return text::beam_search(after_, [&](const Tensor& sequences, const Tensor& parents) {
    if (!parents.defined()) return logits(context, sequences).select(1, -1);
    context = select_rows(context, parents.to(context.next.device()));
    return logits(context, sequences.slice(1, -1)).select(1, -1);  // (rows, vocab)
  }, config);
}

Decoder::Sampled Decoder::sample(const text::SamplingConfig& config, int64_t max_new_tokens, int32_t eos, uint64_t seed) const {
  const c10::InferenceMode inference;
  Context context = context_;
  Sampled sampled = {{}, 0};
  std::vector<int64_t> sequence(after_.begin(), after_.end());
  Tensor next = logits(context, as_ids(model_, after_)).select(1, -1);
  for (int64_t i = 0; i < max_new_tokens; ++i) {
    const Tensor scores = next.view({-1}).to(at::kCPU);
    base::Random random(seed, static_cast<uint64_t>(i));
    const auto token = static_cast<int32_t>(text::sample_token(scores, at::tensor(sequence, at::kLong), config, random));
    sampled.tokens.push_back(token);
    sampled.log_probability += scores.log_softmax(0)[token].item<double>();
    if (token == eos) break;
    sequence.push_back(token);
    if (i + 1 < max_new_tokens) next = logits(context, as_ids(model_, {token})).select(1, -1);
  }
  return sampled;
}

std::vector<double> Decoder::log_likelihoods(const std::vector<std::vector<int32_t>>& continuations) const {
  ASSERT(!continuations.empty());
  const c10::InferenceMode inference;
  const auto given = static_cast<int64_t>(after_.size()), n = static_cast<int64_t>(continuations.size());
  int64_t longest = 0;
  for (const auto& continuation : continuations) longest = std::max(longest, static_cast<int64_t>(continuation.size()));
  // Padding stands behind what counts, where nothing sees it.
  Tensor ids = at::zeros({n, given + longest}, at::kLong);
  for (int64_t row = 0; row < n; ++row) {
    ASSERT(!continuations[row].empty());
    auto* out = std::copy(after_.begin(), after_.end(), ids.data_ptr<int64_t>() + row * (given + longest));
    std::copy(continuations[row].begin(), continuations[row].end(), out);
  }
  Context context = select_rows(context_, at::zeros({n}, context_.next.options()));
  const Tensor all = logits(context, ids.slice(1, 0, -1)).slice(1, given - 1).log_softmax(-1);                // (n, longest, vocab)
  const Tensor each = all.gather(2, ids.slice(1, given).unsqueeze(-1).to(all.device())).squeeze(-1).to(at::kCPU);  // (n, longest)
  std::vector<double> sums;
  for (int64_t row = 0; row < n; ++row)
    sums.push_back(each[row].slice(0, 0, static_cast<int64_t>(continuations[row].size())).to(at::kDouble).sum().item<double>());
  return sums;
}

}  // namespace atelier::fusion
