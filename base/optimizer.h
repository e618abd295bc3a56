#pragma once
/// Training's other half: fp32 masters of the parameters in one flat buffer, their gradients, AdamW and Muon on them,
/// an exponential moving average, and a state that resumes bit for bit.
///
/// AdamW: Loshchilov and Hutter, decoupled decay, bias-corrected. Muon: momentum with Nesterov, orthogonalised by five
/// Newton-Schulz steps, update x 0.2 sqrt(max(rows, columns)), decoupled decay; for matrices inside the towers only.
#include "base/config.h"
#include "base/parameters.h"

#include <functional>
#include <memory>
#include <string>

namespace atelier::base {

struct OptimizerConfig {
  double learning_rate = 1e-3;       // AdamW
  double muon_learning_rate = 5e-3;  // Muon
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0.02;        // on matrices (Muon's and AdamW's); vectors are never decayed
  double muon_momentum = 0.95;
  double clip_norm = 1.0;            // global gradient norm; 0: none
  double ema_decay = 0.9995;         // with (1 + step) / (10 + step) as its bound at the start
  int64_t warmup_steps = 200;
  int64_t total_steps = 10000;
  double decay_fraction = 0.3;       // linear to final_rate over the last part of total_steps
  double final_rate = 0.05;          // of the learning rate

  template <class Visitor>
  void visit(Visitor& v);
};

/// Learning rate multiplier at `step` (0-based): linear warm-up, constant, linear decay.
double rate_at(const OptimizerConfig& config, int64_t step);

class Optimizer {
 public:
  /// Takes over every tensor of `parameters` (drawn or read in fp32): masters move into one flat fp32 buffer; the
  /// tensors that modules hold become leaves that require gradients, matrices (two and more dimensions) in
  /// compute().dtype, vectors in fp32, refreshed from the masters by every step.
  /// @param muon   which parameters Muon trains: must be matrices; all others AdamW
  /// @throws InvalidArgument if a beta or the momentum is 1
  Optimizer(Parameters& parameters, const OptimizerConfig& config,
            const std::function<bool(const std::string& name)>& muon = {});
  ~Optimizer();

  const OptimizerConfig& config() const;

  /// Adds the leaves' gradients (any dtype) to the flat fp32 gradient and clears them: call after each backward().
  void collect_gradients();
  /// The flat fp32 gradient, 1-D with a few zeros between parameters, for all-reduce; and one parameter's part of it,
  /// in the parameter's shape, for kernels that add to it.
  Tensor gradient() const;
  Tensor gradient(const std::string& name) const;

  /// Clips, updates masters, average and leaves, zeroes the gradient; increments step().
  /// @return the gradient's norm before clipping; if it is not finite, nothing but steps() and the gradient changes
  double step();
  int64_t steps() const;  // taken so far

  /// fp32 copies by name: of the masters, or of their moving average.
  NamedTensors masters() const;
  NamedTensors averages() const;
  /// The averages, and the parameters of `model` that are not among them as they are.
  NamedTensors averages(const Parameters& model) const;

  /// While one lives, the leaves hold the moving average (validation, sample grids).
  class Averaged {
   public:
    explicit Averaged(Optimizer& optimizer);
    ~Averaged();

   private:
    Optimizer& optimizer_;
  };

  /// Everything a resumed run needs: masters, moments, average, step. Views: to be written before the next step.
  NamedTensors state() const;
  /// @throws InvalidFile if names or shapes differ
  void load_state(const Safetensors& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

template <class Visitor>
void OptimizerConfig::visit(Visitor& v) {
  v("learning_rate", learning_rate, range(0, 1));
  v("muon_learning_rate", muon_learning_rate, range(0, 1));
  v("beta1", beta1, range(0, 1));
  v("beta2", beta2, range(0, 1));
  v("epsilon", epsilon, positive());
  v("weight_decay", weight_decay, range(0, 10));
  v("muon_momentum", muon_momentum, range(0, 1));
  v("clip_norm", clip_norm, range(0, 1e6));
  v("ema_decay", ema_decay, range(0, 1));
  v("warmup_steps", warmup_steps, range(0, 1e9));
  v("total_steps", total_steps, range(1, 1e9));
  v("decay_fraction", decay_fraction, range(0, 1));
  v("final_rate", final_rate, range(0, 1));
}

}  // namespace atelier::base
