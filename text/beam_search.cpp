#include "text/beam_search.h"

#include "base/error.h"
#include "text/sampling.h"

#include <algorithm>
#include <cmath>

namespace atelier::text {
namespace {

struct Open {
  std::vector<TokenId> tokens;
  double log_probability;
  int64_t parent;
};

/// The finished sequences, the best `most` of them.
class Finished {
 public:
  explicit Finished(const BeamConfig& config) : config_(config) {}

  void add(const Open& sequence) {
    beams_.push_back({sequence.tokens, score(sequence.log_probability, static_cast<int64_t>(sequence.tokens.size()))});
    std::stable_sort(beams_.begin(), beams_.end(), [](const Beam& a, const Beam& b) { return a.score > b.score; });
    if (static_cast<int64_t>(beams_.size()) > config_.num_beams) beams_.pop_back();
  }
  bool full() const { return static_cast<int64_t>(beams_.size()) == config_.num_beams; }
  /// Nothing that goes on can enter any more (judged by its score at its present length, as Hugging Face does).
  bool beats(const Open& best) const {
    return full() && beams_.back().score >= score(best.log_probability, static_cast<int64_t>(best.tokens.size()));
  }
  std::vector<Beam> take() { return std::move(beams_); }

 private:
  double score(double log_probability, int64_t length) const {
    return log_probability / std::pow(static_cast<double>(length), config_.length_penalty);
  }
  const BeamConfig& config_;
  std::vector<Beam> beams_;
};

Tensor as_tensor(const std::vector<TokenId>& prompt, const std::vector<Open>& open) {
  const auto rows = static_cast<int64_t>(open.size());
  const auto tokens = static_cast<int64_t>(prompt.size() + open.front().tokens.size());
  Tensor sequences = at::empty({rows, tokens}, at::kLong);
  auto* out = sequences.data_ptr<int64_t>();
  for (const Open& sequence : open) {
    out = std::copy(prompt.begin(), prompt.end(), out);
    out = std::copy(sequence.tokens.begin(), sequence.tokens.end(), out);
  }
  return sequences;
}

}  // namespace

std::vector<Beam> beam_search(const std::vector<TokenId>& prompt, const NextLogits& next_logits, const BeamConfig& config) {
  REQUIRE(!prompt.empty(), "beam search needs a prompt of at least one token");
  REQUIRE(config.num_beams >= 1 && config.num_beams <= 256, "num_beams must be 1 to 256, not {}", config.num_beams);
  REQUIRE(config.max_new_tokens >= 1, "max_new_tokens must be 1 or more, not {}", config.max_new_tokens);

  Finished finished(config);
  std::vector<Open> open = {{{}, 0, -1}};
  for (int64_t length = 1; length <= config.max_new_tokens; ++length) {
    const Tensor sequences = as_tensor(prompt, open);  // (rows, tokens)
    Tensor parents;
    if (length > 1) {
      parents = at::empty({static_cast<int64_t>(open.size())}, at::kLong);
      for (size_t row = 0; row < open.size(); ++row) parents.data_ptr<int64_t>()[row] = open[row].parent;
    }
    Tensor scores = next_logits(sequences, parents).to(at::kCPU, at::kFloat).log_softmax(1);  // (rows, vocab)
    scores = ban_repeated_ngrams(scores, sequences, config.no_repeat_ngram_size);
    Tensor so_far = at::empty({sequences.size(0), 1}, at::kFloat);
    for (size_t row = 0; row < open.size(); ++row) so_far.data_ptr<float>()[row] = static_cast<float>(open[row].log_probability);
    scores = scores + so_far;

    // Twice as many as needed: up to num_beams of them may end here.
    const int64_t vocabulary = scores.size(1);
    const auto [values, places] = scores.flatten().topk(std::min(2 * config.num_beams, scores.numel()));
    std::vector<Open> next;
    for (int64_t rank = 0; rank < values.size(0); ++rank) {
      const double log_probability = values[rank].item<float>();
      if (!std::isfinite(log_probability)) continue;
      const int64_t place = places[rank].item<int64_t>(), row = place / vocabulary;
      Open sequence{open[row].tokens, log_probability, row};
      sequence.tokens.push_back(static_cast<TokenId>(place % vocabulary));
      if (sequence.tokens.back() == config.eos || length == config.max_new_tokens) {
        if (rank < config.num_beams) finished.add(sequence);
      } else if (static_cast<int64_t>(next.size()) < config.num_beams) {
        next.push_back(std::move(sequence));
      }
    }
    if (next.empty() || (config.early_stopping && finished.full()) || finished.beats(next.front())) break;
    open = std::move(next);
  }
  return finished.take();
}

}  // namespace atelier::text
