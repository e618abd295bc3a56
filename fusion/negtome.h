#pragma once
/// NegToMe (Singh et al., "Negative Token Merging"): guidance inside the image tower. Every image token of the picture
/// that is drawn is pushed away from its most similar token of a reference picture, where the two are alike:
///   h_i <- (1 + alpha) h_i - alpha h_ref[j],   j = argmax_j cos(h_i, h_ref_j),   where that cosine is above tau.
/// The match is over the reference's tokens, as in the paper's formula (its released code takes the maximum over the
/// other axis). Tokens are what attention gives, before its output projection. A negative alpha pulls towards the
/// reference.
#include "base/config.h"
#include "base/fused_tower.h"

#include <memory>
#include <vector>

namespace atelier::fusion {

/// Measured defaults (docs/experiments.md). Pictures of a batch part early; a picture to avoid must be kept off longer.
constexpr double kDiverseAlpha = 0.9, kAvoidAlpha = 2;

struct NegToMeConfig {
  double tau = 0.65;                            // no cosine is above 1
  int64_t first_layer = 0, last_layer = 1023;   // of the image tower, both included
  double diverse_until = 900, avoid_until = 700;  // from timestep 1000 down to these

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v("tau", tau, range(-1, 2));
    v("first_layer", first_layer, range(0, 1023));
    v("last_layer", last_layer, range(0, 1023));
    v("diverse_until", diverse_until, range(0, 1000));
    v("avoid_until", avoid_until, range(0, 1000));
  }
};

/// The rule. @param h (tokens, hidden) fp32 @param reference (reference tokens, hidden) fp32
/// @param mask (reference tokens) bool: the tokens that count; undefined: all
/// @param alpha (reference tokens) fp32, of each reference token @return (tokens, hidden)
Tensor push_away(const Tensor& h, const Tensor& reference, const Tensor& mask, const Tensor& alpha, double tau);

/// A picture's image tokens while it was drawn: at each step from timestep 1000 down to `until`, in each chosen layer, in
/// both halves of classifier-free guidance (0 the prompt's, 1 the negative's).
class TokenTrace {
 public:
  TokenTrace(int64_t steps, int64_t layers, double until) : layers_(layers), until_(until), tokens_(steps * layers * 2) {}
  double until() const { return until_; }
  /// (tokens, hidden) fp32; undefined where nothing was kept. Different ones may be written at once.
  Tensor& at(int64_t step, int64_t layer, int64_t half) { return tokens_.at((step * layers_ + layer) * 2 + half); }
  const Tensor& at(int64_t step, int64_t layer, int64_t half) const { return tokens_.at((step * layers_ + layer) * 2 + half); }

 private:
  int64_t layers_;
  double until_;
  std::vector<Tensor> tokens_;
};

/// What one drawing does with tokens.
struct TokenMerging {
  struct Reference {
    std::shared_ptr<const TokenTrace> trace;  // of a run with the same steps; pushes as far down as it goes
    Tensor mask;                              // (tokens) bool, or undefined
    double alpha;
  };

  NegToMeConfig config;
  std::vector<Reference> references;          // empty: nothing is changed
  std::shared_ptr<TokenTrace> record;         // where this picture's own tokens go; null: nowhere

  /// For FusionModel::predict at one step. Empty where no trace goes as far down or there is nothing to do.
  /// @param half  of the batch's first sequence
  base::AttendedEdit edit(int64_t step, double time, int64_t half) const;
};

}  // namespace atelier::fusion
