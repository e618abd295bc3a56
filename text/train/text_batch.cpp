/// From packed documents to rows of token ids.
#include "base/compute.h"
#include "base/error.h"
#include "text/train/text_trainer.h"

#include <algorithm>
#include <map>

namespace atelier::text {
namespace {

enum Stream : uint64_t { kOrder = 2, kMasks = 3 };

constexpr int64_t kLengthStep = 32;  // rows are padded to a multiple of it, as the fused kernels do anyway

/// Documents of one batch by padded length.
class Rows {
 public:
  Rows(const TextTrainConfig& config, const TextSymbols& symbols) : config_(config), symbols_(symbols) {}

  /// @param sequence   with <bos>; each token but the first is predicted with its weight
  void add(std::vector<TokenId> sequence, std::vector<float> weight) {
    const auto limit = static_cast<size_t>(config_.context) + 1;
    if (sequence.size() > limit) {
      sequence.resize(limit);
      weight.resize(limit);
    }
    const auto inputs = static_cast<int64_t>(sequence.size()) - 1;
    const int64_t length = (inputs + kLengthStep - 1) / kLengthStep * kLengthStep;
    groups_[length].push_back({std::move(sequence), std::move(weight)});
  }

  TextBatch take() const {
    TextBatch batch;
    const auto device = base::compute().device;
    for (const auto& [length, rows] : groups_) {
      const auto count = static_cast<int64_t>(rows.size());
      const Tensor ids = at::full({count, length}, symbols_.pad, at::kLong);
      std::vector<int64_t> places, targets;
      std::vector<float> weights;
      for (int64_t row = 0; row < count; ++row) {
        const auto& [sequence, weight] = rows[row];
        std::copy(sequence.begin(), sequence.end() - 1, ids.mutable_data_ptr<int64_t>() + row * length);
        for (size_t i = 1; i < sequence.size(); ++i) {
          if (weight[i] == 0) continue;
          places.push_back(row * length + static_cast<int64_t>(i) - 1);
          targets.push_back(sequence[i]);
          weights.push_back(weight[i]);
          batch.weight += weight[i];
        }
      }
      if (places.empty()) continue;
      batch.groups.push_back({ids.to(device), at::tensor(places, at::kLong).to(device), at::tensor(targets, at::kLong).to(device),
                              at::tensor(weights, at::kFloat).to(device)});
    }
    return batch;
  }

 private:
  struct Row {
    std::vector<TokenId> sequence;
    std::vector<float> weight;
  };
  const TextTrainConfig& config_;
  const TextSymbols& symbols_;
  std::map<int64_t, std::vector<Row>> groups_;
};

void add_document(Rows& rows, std::span<const TokenId> document, std::span<const Span> spans, const TextSymbols& symbols) {
  Rotated rotated = rotate_spans(document, spans, symbols.spans);
  rotated.tokens.insert(rotated.tokens.begin(), symbols.bos);
  rotated.loss_weight.insert(rotated.loss_weight.begin(), 0);
  bool given = false;
  for (size_t i = 0; i < rotated.tokens.size(); ++i) {
    // The symbol itself is learnt: it is how a writer hands over.
    if (symbols.is_control[rotated.tokens[i]]) given = symbols.is_given[rotated.tokens[i]];
    else if (given) rotated.loss_weight[i] = 0;
  }
  rows.add(std::move(rotated.tokens), std::move(rotated.loss_weight));
}

/// This epoch's order of n documents.
const std::vector<int64_t>& order(int64_t n, uint64_t seed, int64_t epoch) {
  struct Cached {
    int64_t n = -1, epoch = -1;
    uint64_t seed = 0;
    std::vector<int64_t> order;
  };
  thread_local Cached cached;
  if (cached.n == n && cached.epoch == epoch && cached.seed == seed) return cached.order;
  cached = {n, epoch, seed, std::vector<int64_t>(n)};
  for (int64_t i = 0; i < n; ++i) cached.order[i] = i;
  base::Random random(seed, kOrder, static_cast<uint64_t>(epoch));
  for (int64_t i = n - 1; i > 0; --i) std::swap(cached.order[i], cached.order[random.below(i + 1)]);
  return cached.order;
}

}  // namespace

TextSymbols TextSymbols::of(const Tokenizer& tokenizer, const std::vector<std::string>& given) {
  TextSymbols symbols{tokenizer.id("<pad>"), tokenizer.id("<bos>"), SpanSymbols::of(tokenizer), {}, {}};
  for (TokenId id = 0; id < tokenizer.size(); ++id) symbols.is_control.push_back(tokenizer.is_special(id));
  symbols.is_given.assign(symbols.is_control.size(), false);
  for (const std::string& name : given) {
    const TokenId id = tokenizer.id(name);
    REQUIRE(symbols.is_control[id], "given must be control symbols such as <obs>, not {}", name);
    symbols.is_given[id] = true;
  }
  return symbols;
}

TextBatch make_batch(const TextPack& pack, const TextTrainConfig& config, const TextSymbols& symbols, int64_t step) {
  const auto seed = static_cast<uint64_t>(config.seed);
  const auto n = static_cast<int64_t>(pack.training().size());
  Rows rows(config, symbols);
  for (int64_t i = step * config.batch; i < (step + 1) * config.batch; ++i) {
    const auto document = pack.document(pack.training()[order(n, seed, i / n)[i % n]]);
    base::Random random(seed, kMasks, static_cast<uint64_t>(i));
    std::vector<Span> spans;
    if (random.chance(config.masked_share)) {
      std::vector<int64_t> boundaries;
      for (size_t at = 0; at < document.size(); ++at) {
        if (!symbols.is_control[document[at]]) continue;
        boundaries.push_back(static_cast<int64_t>(at));
        boundaries.push_back(static_cast<int64_t>(at) + 1);
      }
      spans = draw_spans(static_cast<int64_t>(document.size()), boundaries, random);
    }
    add_document(rows, document, spans, symbols);
  }
  return rows.take();
}

TextBatch plain_batch(const TextPack& pack, const TextTrainConfig& config, const TextSymbols& symbols,
                      std::span<const int64_t> documents) {
  Rows rows(config, symbols);
  for (const int64_t i : documents) add_document(rows, pack.document(i), {}, symbols);
  return rows.take();
}

}  // namespace atelier::text
