#pragma once
/// How the tower's buffers are cut, shared by forward and backward.
#include "base/kernels/packing.h"
#include "base/kernels/tower.h"

namespace atelier::base::kernels {

constexpr int kChunkRows = 256;  // rows a thread takes through a layer at once: 128 to 256 measured best

inline int smaller(int a, int b) { return a < b ? a : b; }
inline int larger(int a, int b) { return a > b ? a : b; }

/// Part `index` of `parts` of 0 .. count - 1.
struct Span {
  int begin, end;
};
inline Span split(int count, int index, int parts) {
  return {static_cast<int>(static_cast<long>(count) * index / parts),
          static_cast<int>(static_cast<long>(count) * (index + 1) / parts)};
}

/// Row stride of a wide buffer: 64 bytes more than the row, as rows 4096 bytes apart fight for one cache set.
inline long wide_stride(int columns) { return columns + 32; }

/// Where each matrix lies in a packed layer.
struct PackedLayer {
  long projections, output, gate_up, down, size;
  explicit PackedLayer(const TowerSize& s)
      : projections(0),
        output(static_cast<long>(s.hidden) * s.projections()),
        gate_up(output + static_cast<long>(s.hidden) * s.query()),
        down(gate_up + 2L * s.hidden * s.intermediate),
        size(down + static_cast<long>(s.hidden) * s.intermediate) {}
};

/// Hands out pieces of one buffer; of a null buffer, only counts.
class Carver {
 public:
  explicit Carver(void* base) : base_(static_cast<char*>(base)) {}
  template <class T>
  T* take(long count) {
    T* result = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return result;
  }
  size_t used() const { return used_; }

 private:
  char* base_;
  size_t used_ = 0;
};

/// One layer's activations.
struct LayerActivations {
  bf16 *attention_input, *attended, *mlp_input, *gate_up;  // (T, d), (T, query), (T, d), (T, 2h)
  float *attention_scale, *mlp_scale;                      // (T) factors of the norms
  float* log_sum;                                          // (H, T) log2 of the softmax's sums

  LayerActivations(const TowerSize& s, const Rows& rows, Carver& carver) {
    const long t = rows.total();
    attention_input = carver.take<bf16>(t * s.hidden);
    attended = carver.take<bf16>(t * s.query());
    mlp_input = carver.take<bf16>(t * s.hidden);
    gate_up = carver.take<bf16>(t * 2 * s.intermediate);
    attention_scale = carver.take<float>(t);
    mlp_scale = carver.take<float>(t);
    log_sum = carver.take<float>(t * s.heads);
  }
  static size_t bytes(const TowerSize& s, const Rows& rows) {
    Carver counter(nullptr);
    LayerActivations(s, rows, counter);
    return counter.used();
  }
  static LayerActivations at(const TowerSize& s, const Rows& rows, void* base, int layer) {
    Carver carver(static_cast<char*>(base) + layer * bytes(s, rows));
    return LayerActivations(s, rows, carver);
  }
};

}  // namespace atelier::base::kernels
