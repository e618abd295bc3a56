#include "base/kernels/attention.h"
#include "base/kernels/gemm.h"
#include "base/kernels/vector.h"
#include "base/kernels/weight_gradient.h"

#include <omp.h>

namespace atelier::base::kernels {
namespace {

int chunk_sequences(const Rows& rows) { return larger(1, kChunkRows / rows.padded); }

/// What weight gradients read: gradients at the outputs of all matrices, for all rows of one layer.
struct Shared {
  bf16* dy[2];            // (T, d) of the layer's output; of its input: they change places from layer to layer
  bf16* d_middle;         // (T, d) between attention and MLP
  bf16* d_gate_up;        // (T, wide 2h) interleaved like the forward's
  bf16* gated;            // (T, wide h) silu(gate) up, made again
  bf16* d_projections;    // (T, projections)
  float* norm_sums[2];    // (blocks of 32 rows of [q | k | v], d); (blocks of 32 rows of [gate | up], d)
  Shared(const TowerSize& s, const Rows& rows, Carver& carver) {
    const long t = rows.total();
    dy[0] = carver.take<bf16>(t * s.hidden);
    dy[1] = carver.take<bf16>(t * s.hidden);
    d_middle = carver.take<bf16>(t * s.hidden);
    d_gate_up = carver.take<bf16>(t * wide_stride(2 * s.intermediate));
    gated = carver.take<bf16>(t * wide_stride(s.intermediate));
    d_projections = carver.take<bf16>(t * s.projections());
    norm_sums[0] = carver.take<float>(static_cast<long>(s.projections() / 32) * s.hidden);
    norm_sums[1] = carver.take<float>(static_cast<long>(s.intermediate / 16) * s.hidden);
  }
};

struct Scratch {     // one a thread
  float* d_normed;   // (chunk, d)
  bf16* d_attended;  // (chunk, query)
  AttentionScratch attention;
  WeightGradientScratch weights;
  Scratch(const TowerSize& s, const Rows& rows, int threads, Carver& carver)
      : d_normed(carver.take<float>(static_cast<long>(chunk_sequences(rows)) * rows.padded * s.hidden)),
        d_attended(carver.take<bf16>(static_cast<long>(chunk_sequences(rows)) * rows.padded * s.query())),
        attention(rows, /*backward=*/true, carver),
        weights(s, threads, carver) {}
  static size_t bytes(const TowerSize& s, const Rows& rows, int threads) {
    Carver counter(nullptr);
    Scratch(s, rows, threads, counter);
    return counter.used();
  }
};

void store_float(float* to, const float* values) {
  _mm512_store_ps(to, _mm512_load_ps(values));
  _mm512_store_ps(to + 16, _mm512_load_ps(values + 16));
}

struct Layer {
  const TowerSize& size;
  const Rows& rows;
  const Gradients& gradients;
  int index;
  const bf16* packed;
  const bf16* projections;  // (T, projections)
  LayerActivations kept;
  const Shared& shared;
  const bf16* dy;  // (T, d) at the layer's output
  bf16* dy_input;  // (T, d) at its input
  float* dx;       // (T, d)

  /// Of rows r, whole sequences: gradients at all matrices' outputs, and dx from the layer's output to its input.
  void rows_backward(Span sequences, const Scratch& scratch) const {
    const Span r = {sequences.begin * rows.padded, sequences.end * rows.padded};
    const long first = r.begin, d = size.hidden, query = size.query();
    const int count = r.end - r.begin;
    const PackedLayer at(size);
    mlp_backward(r);

    const auto to_normed = [&](int row, int column, const float* values) {
      store_float(scratch.d_normed + row * d + column, values);
    };
    const long wide = wide_stride(2 * size.intermediate);
    multiply(count, size.hidden, 2 * size.intermediate, shared.d_gate_up + first * wide, wide, packed + at.gate_up,
             to_normed);
    normalise_rows_backward(scratch.d_normed, kept.mlp_input + first * d, d, kept.mlp_scale + first, size.hidden,
                            dx + first * d, shared.d_middle + first * d, count);

    multiply(count, size.query(), size.hidden, shared.d_middle + first * d, d, packed + at.output,
             [&](int row, int column, const float* values) {
               store32(scratch.d_attended + row * query + column, _mm512_load_ps(values), _mm512_load_ps(values + 16));
             });
    for (int sequence = sequences.begin; sequence < sequences.end; ++sequence) {
      const long row = static_cast<long>(sequence) * rows.padded;
      for (int head = 0; head < size.kv_heads; ++head)
        attend_backward(size, rows, index, sequence, head, projections + row * size.projections(),
                        kept.attended + row * query, kept.log_sum + row, scratch.d_attended + (row - first) * query,
                        gradients, shared.d_projections + row * size.projections(), scratch.attention);
    }

    multiply(count, size.hidden, size.projections(), shared.d_projections + first * size.projections(),
             size.projections(), packed + at.projections, to_normed);
    normalise_rows_backward(scratch.d_normed, kept.attention_input + first * d, d, kept.attention_scale + first,
                            size.hidden, dx + first * d, dy_input + first * d, count);
  }

  /// Part `part` of the rows of every matrix's gradient, over all rows of the batch.
  void weights_backward(int part, int parts, const Scratch& scratch) const {
    const LayerWeights& w = gradients.weights[index];
    const LayerGradients& g = gradients.layers[index];
    const int t = rows.total(), d = size.hidden, h = size.intermediate, query = size.query(), key = size.key();
    const bool is_float = gradients.matrices_are_float;
    float* const sums = scratch.weights.sums;
    const auto share = [&](int n) {
      const Span blocks = split(n / 32, part, parts);
      return Span{32 * blocks.begin, 32 * blocks.end};
    };
    const auto row_of = [&](const bf16* weights, void* gradient, long row, long columns) {
      return ParameterRow{weights + row * columns,
                          static_cast<char*>(gradient) + row * columns * (is_float ? sizeof(float) : sizeof(bf16))};
    };

    // down^T = gated^T dy: with dW's longer side as the rows that are shared out, and delivered transposed.
    Span r = share(h);
    multiply_transposed(r, d, t, shared.gated, wide_stride(h), dy, d, scratch.weights);
    deliver_transposed(r, d, sums, g.down, h, is_float);

    r = share(2 * h);
    multiply_transposed(r, d, t, shared.d_gate_up, wide_stride(2 * h), kept.mlp_input, d, scratch.weights);
    deliver_rows(r, d, sums, [&](int row) {
      const bool gate = row % 32 < 16;
      return row_of(gate ? w.gate : w.up, gate ? g.gate : g.up, row / 32 * 16 + row % 16, d);
    }, w.mlp_norm, is_float, shared.norm_sums[1]);

    r = share(d);
    multiply_transposed(r, query, t, shared.d_middle, d, kept.attended, query, scratch.weights);
    deliver_rows(r, query, sums, [&](int row) { return row_of(w.o, g.o, row, query); }, nullptr, is_float, nullptr);

    r = share(size.projections());
    multiply_transposed(r, d, t, shared.d_projections, size.projections(), kept.attention_input, d, scratch.weights);
    deliver_rows(r, d, sums, [&](int row) {
      return row < query         ? row_of(w.q, g.q, row, d)
             : row < query + key ? row_of(w.k, g.k, row - query, d)
                                 : row_of(w.v, g.v, row - query - key, d);
    }, w.attention_norm, is_float, shared.norm_sums[0]);
  }

  /// This thread's columns of the norms' gradients, once weights_backward is done in all parts.
  void norms_backward(int thread, int threads) const {
    const Span blocks = split(size.hidden / 32, thread, threads), columns = {32 * blocks.begin, 32 * blocks.end};
    sum_norm_gradient(columns, size.hidden, size.projections() / 32, shared.norm_sums[0],
                      gradients.layers[index].attention_norm);
    sum_norm_gradient(columns, size.hidden, size.intermediate / 16, shared.norm_sums[1],
                      gradients.layers[index].mlp_norm);
  }

 private:
  /// With a = silu(gate) up = gate s up, s = sigmoid(gate): d gate = da up s (1 + gate (1 - s)), d up = da gate s.
  void mlp_backward(Span r) const {
    const long first = r.begin, d = size.hidden, h = size.intermediate, wide = wide_stride(size.intermediate),
               wide_pair = wide_stride(2 * size.intermediate);
    multiply(r.end - r.begin, size.intermediate, size.hidden, dy + first * d, d, packed + PackedLayer(size).down,
             [&](int row, int column, const float* values) {
               const bf16* pair = kept.gate_up + (first + row) * 2 * h + 2 * column;
               bf16* to = shared.d_gate_up + (first + row) * wide_pair + 2 * column;
               for (int half = 0; half < 2; ++half, pair += 32, to += 32) {
                 _mm_prefetch(reinterpret_cast<const char*>(pair + 64), _MM_HINT_T0);
                 __builtin_prefetch(to + 64, 1);
                 const __m512i both = _mm512_loadu_si512(pair);
                 const __m512 gate = widen(_mm512_castsi512_si256(both)), up = widen(_mm512_extracti64x4_epi64(both, 1));
                 const __m512 da = _mm512_load_ps(values + 16 * half), s = sigmoid(gate);
                 const __m512 silu = _mm512_mul_ps(gate, s);
                 const __m512 slope = _mm512_fmadd_ps(silu, _mm512_sub_ps(_mm512_set1_ps(1.0f), s), s);
                 store16(shared.gated + (first + row) * wide + column + 16 * half, _mm512_mul_ps(silu, up));
                 store32(to, _mm512_mul_ps(_mm512_mul_ps(da, up), slope), _mm512_mul_ps(da, silu));
               }
             });
  }
};

}  // namespace

size_t backward_workspace_size(const TowerSize& size, const Rows& rows, int threads) {
  Carver counter(nullptr);
  Shared(size, rows, counter);
  return counter.used() + threads * Scratch::bytes(size, rows, threads);
}

void backward(const TowerSize& size, const bf16* packed, const Rows& rows, const Activations& activations,
              const Gradients& gradients, float* dx, void* workspace, int threads) {
  Carver carver(workspace);
  const Shared shared(size, rows, carver);
  char* const scratches = static_cast<char*>(workspace) + carver.used();
  const int at_once = chunk_sequences(rows);
  const long layer_size = static_cast<long>(rows.total()) * size.projections();
#pragma omp parallel num_threads(threads)
  {
    const TileSession session;
    const int thread = omp_get_thread_num(), team = omp_get_num_threads();
    Carver own(scratches + thread * Scratch::bytes(size, rows, threads));
    const Scratch scratch(size, rows, threads, own);
    const Span sequences = split(rows.sequences, thread, team);
    const long begin = static_cast<long>(sequences.begin) * rows.padded * size.hidden;
    const long end = static_cast<long>(sequences.end) * rows.padded * size.hidden;
    for (long i = begin; i < end; i += 32)
      store32(shared.dy[(size.layers - 1) % 2] + i, _mm512_load_ps(dx + i), _mm512_load_ps(dx + i + 16));
    for (int i = size.layers - 1; i >= 0; --i) {
      const Layer layer = {size, rows, gradients, i, packed + i * PackedLayer(size).size,
                           activations.projections + i * layer_size,
                           LayerActivations::at(size, rows, activations.kept, i), shared, shared.dy[i % 2],
                           shared.dy[(i + 1) % 2], dx};
      for (int sequence = sequences.begin; sequence < sequences.end; sequence += at_once)
        layer.rows_backward({sequence, smaller(sequence + at_once, sequences.end)}, scratch);
      if (gradients.layers == nullptr) continue;
#pragma omp barrier
      for (int part = thread; part < threads; part += team) layer.weights_backward(part, threads, scratch);
#pragma omp barrier
      layer.norms_backward(thread, team);
    }
  }
}

}  // namespace atelier::base::kernels
