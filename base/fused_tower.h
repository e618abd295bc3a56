#pragma once
/// A whole stack of Llama decoder layers as one autograd function, for processors with AMX-BF16.
///
/// Computes what the portable transformer computes, layer by layer
///   x += o_proj(attention(rope(q), rope(k), v)),  q, k, v = projections of rms_norm(x) * input_layernorm
///   x += down_proj(silu(gate_proj(n)) * up_proj(n)),              n = rms_norm(x) * post_attention_layernorm
/// with the residual stream in fp32 and everything between matrices in bf16, fused so that activations stay in the
/// second-level cache. The portable path is the reference; a caller takes this one where fused_tower_supports() says
/// yes. Bits do not depend on the number of threads, nor those of a sequence on the other sequences of its batch.
#include "base/tensor.h"

#include <functional>
#include <memory>
#include <vector>

namespace atelier::base {

struct TowerShape {
  int64_t hidden_size = 0;          // d
  int64_t intermediate_size = 0;    // h
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;  // H
  int64_t num_key_value_heads = 0;  // Hkv, divides H
  int64_t head_dim = 64;
  double rms_norm_eps = 1e-6;
};

/// One layer's parameters in the Hugging Face layout; also where their gradients go.
struct TowerLayer {
  Tensor input_layernorm;           // (d)          fp32
  Tensor q_proj;                    // (H * 64, d)  bf16, like all matrices
  Tensor k_proj, v_proj;            // (Hkv * 64, d)
  Tensor o_proj;                    // (d, H * 64)
  Tensor post_attention_layernorm;  // (d)          fp32
  Tensor gate_proj, up_proj;        // (h, d)
  Tensor down_proj;                 // (d, h)
};

/// Keys (with their rotary positions applied) and values of all layers, (layers, B, Hkv, rows, 64) bf16 with any
/// strides but 1 in the last dimension: a narrow() of a preallocated cache, or a permuted view, needs no copy.
struct TowerKeyValues {
  Tensor keys, values;
  explicit operator bool() const { return keys.defined(); }
};

/// Called once a layer and sequence between attention and its output projection: may read and change, in place, what
/// the sequence's rows attended to, (L, H * 64). May be called from several threads at once, for different sequences.
/// Inference only; must not throw.
using AttendedEdit = std::function<void(int64_t layer, int64_t sequence, Tensor& attended)>;

struct TowerInput {
  Tensor hidden;          // (B, L, d) fp32 or bf16, any L >= 1 (rows are padded to multiples of 32 inside)
  Tensor cosine, sine;    // (L, 32) or (B, L, 32) fp32: each row's rotary angles, half-rotation convention
  bool causal = false;    // row i of L sees own rows 0..i; else all own rows. Every row sees the whole prefix
  Tensor first_key;       // (B) int64 or undefined (0): keys before it are padding, counted from the start of the
                          // prefix, or of the own rows where there is none; a row that sees no key attends to zero
  TowerKeyValues prefix;  // rows = Lp >= 0, or undefined; may require gradients
  bool return_key_values = false;  // this tower's own keys and values are wanted
  AttendedEdit edit;               // empty: none
};

struct TowerOutput {
  Tensor hidden;              // (B, L, d) fp32, before the final norm
  TowerKeyValues key_values;  // rows = L, where asked for: views of a buffer that also holds the queries, read by
                              // backward: not to be written. Differentiable like `hidden`
};

/// Whether FusedTower computes this stack: AMX-BF16 in the processor, `matrix` (any of the stack's) bf16 on the CPU,
/// head_dim 64, d and h multiples of 32, Hkv a divisor of H.
bool fused_tower_supports(const TowerShape& shape, const Tensor& matrix);

struct FusedTowerState;

class FusedTower {
 public:
  /// @param layers   shares the tensors; they are read at the first call, so they may still change type before it
  FusedTower(const TowerShape& shape, std::vector<TowerLayer> layers);

  /// Tells that parameters changed behind autograd's back (through a raw pointer): the packed copy is made anew by the
  /// next call. In-place operators on the tensors are noticed without it.
  void parameters_changed();

  /// Backward adds weight gradients to these fp32 tensors, contiguous and shaped like the parameters, instead of
  /// handing them to autograd in bf16: exact across micro-batches and faster. Empty: to autograd again.
  /// @throws InvalidArgument if a buffer has another shape or dtype, or is not contiguous
  void accumulate_gradients_into(std::vector<TowerLayer> buffers);

  /// Records one autograd node where gradients are enabled and hidden, prefix or a parameter requires them; else
  /// keeps no activations. Weight gradients are computed where any parameter requires one. Not for several threads at
  /// once: a call may pack weights anew.
  /// @throws InvalidArgument if shapes, dtypes or devices do not fit together
  TowerOutput forward(const TowerInput& input);

 private:
  std::shared_ptr<FusedTowerState> state_;  // shared with the autograd nodes that it recorded
};

}  // namespace atelier::base
