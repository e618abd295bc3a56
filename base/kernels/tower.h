#pragma once
/// The fused transformer tower on raw pointers: packing, forward, inference, backward. base/fused_tower.h is its face.
///
/// Rows: B sequences of L rows, each padded with zero rows to `padded` = a multiple of 32; T = B * padded. A thread
/// takes whole sequences, a chunk of about 256 rows at a time, through a layer: its activations stay in its own
/// second-level cache. Only weight gradients need the other threads' rows, hence two barriers a layer in backward.
#include <cstddef>
#include <cstdint>

namespace atelier::base::kernels {

using bf16 = uint16_t;

constexpr int kHeadDim = 64;

struct TowerSize {
  int hidden, intermediate, layers, heads, kv_heads;  // d, h, layers, H, Hkv
  float epsilon;
  int query() const { return heads * kHeadDim; }
  int key() const { return kv_heads * kHeadDim; }
  int projections() const { return query() + 2 * key(); }  // columns of [q | k | v]
};

/// Parameters of a layer, Hugging Face layout (base/fused_tower.h); any alignment.
struct LayerWeights {
  const bf16 *q, *k, *v, *o, *gate, *up, *down;
  const float *attention_norm, *mlp_norm;
};

/// Weights in tile order, kept between calls: (layers, packed_layer_size) each.
struct PackedWeights {
  bf16* forward;   // for products with W^T
  bf16* backward;  // for products with W; null: only inference
};
size_t packed_layer_size(const TowerSize& size);  // of bf16 numbers

/// Norm weights are folded into the matrices behind them (W' = W diag(g)): then the normed rows that forward keeps are
/// all that backward needs of a norm.
void pack_weights(const TowerSize& size, const LayerWeights* layers, const PackedWeights& packed, int threads);

/// Keys or values of other rows: element [sequence][head][row][0 .. 63].
struct Strided {
  const bf16* data;
  long sequence, head, row;  // strides
};

/// What the rows are and what they see.
struct Rows {
  int sequences, rows, padded;   // B, L, L padded
  const float *cosine, *sine;    // (B or 1, L, 32)
  long angles_stride;            // between sequences: 0 or L * 32
  bool causal;
  const int64_t* first_key;      // (B) in [0, prefix + L], or null: 0
  int prefix;                    // Lp
  const Strided* prefix_keys;    // one a layer; null where prefix = 0
  const Strided* prefix_values;
  int total() const { return sequences * padded; }
  int prefix_blocks() const { return (prefix + 31) / 32; }
};

/// What forward keeps for backward. Rows of [q | k | v] are kept apart, as others may go on reading the keys and values.
/// q is rotated and scaled by log2(e) / 8, k rotated.
struct Activations {
  void* kept;           // activations_size bytes, 64-byte aligned; null: inference
  bf16* projections;    // (layers or 1, T, projections)
  bool all_projections;  // (layers, …); must be so in training
};
size_t activations_size(const TowerSize& size, const Rows& rows);

size_t forward_workspace_size(const TowerSize& size, const Rows& rows, int threads);
size_t backward_workspace_size(const TowerSize& size, const Rows& rows, int threads);

/// Called between attention and its output projection, once a layer and sequence, from the thread that has it: may read
/// and change `attended`, the sequence's real rows of (padded, query). Inference only. May use the tile unit.
struct AttendedEdit {
  void (*edit)(void* self, int layer, int sequence, bf16* attended) = nullptr;
  void* self = nullptr;
};

/// @param x (T, d) fp32, 64-byte aligned, padding rows zero: becomes the last layer's output
void forward(const TowerSize& size, const bf16* packed, const Rows& rows, const Activations& activations,
             const AttendedEdit& edit, float* x, void* workspace, int threads);

/// Where gradients go. Matrices are added to fp32 buffers or stored in bf16; norms are always added to fp32.
struct LayerGradients {
  void *q, *k, *v, *o, *gate, *up, *down;
  float *attention_norm, *mlp_norm;
};
struct Gradients {
  const LayerWeights* weights;        // the parameters themselves, for the gradients of the folded norms
  const LayerGradients* layers;       // null: none wanted
  bool matrices_are_float;
  bf16* const* prefix_keys;           // one (B, Hkv, Lp, 64) a layer, stored; null: none wanted
  bf16* const* prefix_values;
  const bf16* const* own_keys;        // (B, Hkv, L, 64) a layer: gradients that come from those who attended to
  const bf16* const* own_values;      // these rows; null where there are none, as may be single layers' pointers
};

/// @param dx (T, d) fp32, 64-byte aligned, padding rows zero: the output's gradient, becomes the input's
void backward(const TowerSize& size, const bf16* packed, const Rows& rows, const Activations& activations,
              const Gradients& gradients, float* dx, void* workspace, int threads);

}  // namespace atelier::base::kernels
