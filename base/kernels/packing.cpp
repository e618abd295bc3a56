#include "base/kernels/packing.h"

#include "base/kernels/tower_parts.h"
#include "base/kernels/vector.h"

namespace atelier::base::kernels {
namespace {

/// 32 rows and 32 columns of a weight matrix, times the folded norm's weights.
/// @param rows the block's rows in their order @param scale (K), or null
void gather_block(const bf16* const rows[32], int column, const float* scale, bf16* block) {
  for (int i = 0; i < 32; ++i) {
    const bf16* row = rows[i] + column;
    if (scale == nullptr)
      _mm512_store_si512(block + i * 32, _mm512_loadu_si512(row));
    else
      store32(block + i * 32, _mm512_mul_ps(load16(row), _mm512_loadu_ps(scale + column)),
              _mm512_mul_ps(load16(row + 16), _mm512_loadu_ps(scale + column + 16)));
  }
}

/// Packs a matrix W (n, k), given by a function from row to pointer, for x W^T (forward) or y W (backward).
template <class RowAt>
void pack_matrix(int n, int k, RowAt row_at, const float* scale, bool forward, bf16* packed) {
  alignas(64) bf16 block[kBlock];
  const bf16* rows[32];
  for (int row = 0; row < n; row += 32) {
    for (int i = 0; i < 32; ++i) rows[i] = row_at(row + i);
    for (int column = 0; column < k; column += 32) {
      gather_block(rows, column, scale, block);
      if (forward)
        pack_transposed(packed + static_cast<long>(row) * k + static_cast<long>(column) * 32, block, 32);
      else
        pack_rows(packed + static_cast<long>(column) * n + static_cast<long>(row) * 32, block, 32);
    }
  }
}

enum Matrix { projections, output, gate_up, down, kMatrices };

void pack_one(const TowerSize& s, const LayerWeights& w, Matrix matrix, bool forward, bf16* packed) {
  const PackedLayer at(s);
  const int d = s.hidden, h = s.intermediate, query = s.query(), key = s.key();
  const auto plain = [](const bf16* base, long stride) { return [=](int row) { return base + row * stride; }; };
  switch (matrix) {
    case projections:
      // The forward product wants dimensions i and i + 32 of a head, which rotate together, in one block: halves of 16
      // rows each change places in q and k.
      pack_matrix(s.projections(), d, [&](int row) {
        if (forward && row < query + key) row = row / 64 * 64 + row % 64 / 32 * 16 + row % 32 / 16 * 32 + row % 16;
        const bf16* base = row < query ? w.q : row < query + key ? w.k : w.v;
        return base + static_cast<long>(row < query ? row : row < query + key ? row - query : row - query - key) * d;
      }, w.attention_norm, forward, packed + at.projections);
      return;
    case output:
      pack_matrix(d, query, plain(w.o, query), nullptr, forward, packed + at.output);
      return;
    case gate_up:
      // 16 rows of gate, 16 of up: one block of results holds both halves of SwiGLU.
      pack_matrix(2 * h, d, [&](int row) {
        return (row % 32 < 16 ? w.gate : w.up) + static_cast<long>(row / 32 * 16 + row % 16) * d;
      }, w.mlp_norm, forward, packed + at.gate_up);
      return;
    default:
      pack_matrix(d, h, plain(w.down, h), nullptr, forward, packed + at.down);
  }
}

}  // namespace

size_t packed_layer_size(const TowerSize& size) { return static_cast<size_t>(PackedLayer(size).size); }

void pack_weights(const TowerSize& size, const LayerWeights* layers, const PackedWeights& packed, int threads) {
  const long layer_size = PackedLayer(size).size;
  const int directions = packed.backward == nullptr ? 1 : 2;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int task = 0; task < size.layers * kMatrices * directions; ++task) {
    const int layer = task / (kMatrices * directions), matrix = task / directions % kMatrices;
    const bool forward = task % directions == 0;
    pack_one(size, layers[layer], static_cast<Matrix>(matrix), forward,
             (forward ? packed.forward : packed.backward) + layer * layer_size);
  }
}

}  // namespace atelier::base::kernels
