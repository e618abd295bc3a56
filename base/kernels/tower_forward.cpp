#include "base/kernels/attention.h"
#include "base/kernels/gemm.h"
#include "base/kernels/vector.h"

#include <omp.h>

namespace atelier::base::kernels {
namespace {

constexpr float kQueryScale = 0.125f * 1.44269504f;  // 1 / sqrt(64), and log2(e) for a softmax of powers of two

/// Few sequences and no gradients: threads share the columns of every matrix in place of the sequences.
bool splits_columns(const Rows& rows, bool training, int threads) { return !training && rows.sequences < threads; }

int chunk_sequences(const Rows& rows) { return larger(1, kChunkRows / rows.padded); }

struct Shared {
  LayerActivations inference;  // of the layer at hand
  bf16* gated;                 // (T, wide h) where columns are split
  int* angles;                 // (T) a row's offset into the rotation tables
  Shared(const TowerSize& s, const Rows& rows, int threads, Carver& carver)
      : inference(s, rows, carver),
        gated(carver.take<bf16>(rows.sequences < threads ? rows.total() * wide_stride(s.intermediate) : 0)),
        angles(carver.take<int>(rows.total())) {}
};

struct Scratch {  // one a thread
  bf16* gated;    // (chunk, wide h)
  AttentionScratch attention;
  Scratch(const TowerSize& s, const Rows& rows, Carver& carver)
      : gated(carver.take<bf16>(chunk_sequences(rows) * rows.padded * wide_stride(s.intermediate))),
        attention(rows, /*backward=*/false, carver) {}
  static size_t bytes(const TowerSize& s, const Rows& rows) {
    Carver counter(nullptr);
    Scratch(s, rows, counter);
    return counter.used();
  }
};

/// The products of one layer, each for some rows and some columns.
struct Layer {
  const TowerSize& size;
  const Rows& rows;
  const bf16* packed;
  float* x;           // (T, d)
  bf16* projections;  // (T, projections)
  LayerActivations kept;
  const int* angles;
  bool training;
  const AttendedEdit& edit;
  const TileSession& tiles;

  template <Order order>
  void project(Span r, Span c) const {
    const int d = size.hidden, query = size.query(), rotated = query + size.key();
    const long stride = size.projections();
    bf16* out = projections + r.begin * stride;
    const int* angle = angles + r.begin;
    multiply<order>(r.end - r.begin, c.end - c.begin, d, kept.attention_input + static_cast<long>(r.begin) * d, d,
                    packed + PackedLayer(size).projections + static_cast<long>(c.begin) * d,
                    [&](int row, int column, const float* values) {
                      column += c.begin;
                      Pair v = {_mm512_load_ps(values), _mm512_load_ps(values + 16)};
                      bf16* to = out + row * stride + column;
                      if (column >= rotated) return store32(to, v.a, v.b);
                      // A block of q or k holds 16 dimensions of a head's first half, and their partners (packing.cpp).
                      const int half = column % 64 / 32 * 16;
                      v = rotate(v, rows.cosine + angle[row] + half, rows.sine + angle[row] + half);
                      if (column < query) {
                        v.a = _mm512_mul_ps(v.a, _mm512_set1_ps(kQueryScale));
                        v.b = _mm512_mul_ps(v.b, _mm512_set1_ps(kQueryScale));
                      }
                      store16(to - half, v.a);
                      store16(to - half + 32, v.b);
                    });
  }

  void attend(int layer, int sequence, int kv_head, const AttentionScratch& scratch) const {
    const long row = static_cast<long>(sequence) * rows.padded;
    kernels::attend(size, rows, layer, sequence, kv_head, projections + row * size.projections(),
                    kept.attended + row * size.query(), training ? kept.log_sum + row : nullptr, scratch);
  }

  void edit_attended(int layer, Span sequences) const {
    if (!edit.edit) return;
    for (int i = sequences.begin; i < sequences.end; ++i)
      edit.edit(edit.self, layer, i, kept.attended + static_cast<long>(i) * rows.padded * size.query());
    tiles.configure();
  }

  /// x += a W^T
  template <Order order>
  void add(Span r, Span c, int k, const bf16* a, long a_stride, long matrix) const {
    const int d = size.hidden;
    float* out = x + static_cast<long>(r.begin) * d + c.begin;
    multiply<order>(r.end - r.begin, c.end - c.begin, k, a, a_stride, packed + matrix + static_cast<long>(c.begin) * k,
                    [&](int row, int column, const float* values) {
                      float* to = out + static_cast<long>(row) * d + column;
                      _mm512_store_ps(to, _mm512_add_ps(_mm512_load_ps(to), _mm512_load_ps(values)));
                      _mm512_store_ps(to + 16, _mm512_add_ps(_mm512_load_ps(to + 16), _mm512_load_ps(values + 16)));
                    });
  }
  template <Order order>
  void add_attention(Span r, Span c) const {
    const int query = size.query();
    add<order>(r, c, query, kept.attended + static_cast<long>(r.begin) * query, query, PackedLayer(size).output);
  }
  template <Order order>
  void add_mlp(Span r, Span c, const bf16* gated) const {
    add<order>(r, c, size.intermediate, gated, wide_stride(size.intermediate), PackedLayer(size).down);
  }

  /// gated (rows of r, wide h) = silu(gate) up; columns c of the interleaved [gate | up].
  template <Order order>
  void gate(Span r, Span c, bf16* gated) const {
    const int d = size.hidden, h = size.intermediate;
    const long stride = wide_stride(h);
    bf16* saved = kept.gate_up + static_cast<long>(r.begin) * 2 * h;
    multiply<order>(r.end - r.begin, c.end - c.begin, d, kept.mlp_input + static_cast<long>(r.begin) * d, d,
                    packed + PackedLayer(size).gate_up + static_cast<long>(c.begin) * d,
                    [&](int row, int column, const float* values) {
                      column += c.begin;
                      const __m512 g = _mm512_load_ps(values), up = _mm512_load_ps(values + 16);
                      if (training)  // not read again before backward: past the caches
                        _mm512_stream_si512(reinterpret_cast<__m512i*>(saved + static_cast<long>(row) * 2 * h + column),
                                            narrow32(g, up));
                      store16(gated + row * stride + column / 2, _mm512_mul_ps(_mm512_mul_ps(g, sigmoid(g)), up));
                    });
  }

  void normalise_for_attention(Span r) const { normalise(r, kept.attention_input, kept.attention_scale); }
  void normalise_for_mlp(Span r) const { normalise(r, kept.mlp_input, kept.mlp_scale); }

 private:
  void normalise(Span r, bf16* out, float* scale) const {
    const long d = size.hidden;
    normalise_rows(x + r.begin * d, size.hidden, size.epsilon, out + r.begin * d, d, scale + r.begin, r.end - r.begin);
  }
};

/// This thread's sequences through the layer, a chunk at a time.
void by_sequences(const Layer& l, int layer, Span sequences, const Scratch& scratch) {
  const int padded = l.rows.padded, at_once = chunk_sequences(l.rows);
  const TowerSize& s = l.size;
  for (int sequence = sequences.begin; sequence < sequences.end; sequence += at_once) {
    const Span chunk = {sequence, smaller(sequence + at_once, sequences.end)};
    const Span r = {chunk.begin * padded, chunk.end * padded};
    l.normalise_for_attention(r);
    l.project<Order::rows>(r, {0, s.projections()});
    for (int i = chunk.begin; i < chunk.end; ++i)
      for (int head = 0; head < s.kv_heads; ++head) l.attend(layer, i, head, scratch.attention);
    l.edit_attended(layer, chunk);
    l.add_attention<Order::rows>(r, {0, s.hidden});
    l.normalise_for_mlp(r);
    l.gate<Order::rows>(r, {0, 2 * s.intermediate}, scratch.gated);
    l.add_mlp<Order::rows>(r, {0, s.hidden}, scratch.gated);
  }
}

/// This thread's columns of the layer, for all rows; the same sums in the same order as by_sequences.
void by_columns(const Layer& l, int layer, bf16* gated, const Scratch& scratch) {
  const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
  const TowerSize& s = l.size;
  const auto columns = [&](int n) {
    const Span blocks = split(n / 32, thread, threads);
    return Span{32 * blocks.begin, 32 * blocks.end};
  };
  const Span all = {0, l.rows.total()}, mine = split(l.rows.total(), thread, threads);
  l.normalise_for_attention(mine);
#pragma omp barrier
  l.project<Order::columns>(all, columns(s.projections()));
#pragma omp barrier
  const Span pairs = split(l.rows.sequences * s.kv_heads, thread, threads);
  for (int i = pairs.begin; i < pairs.end; ++i) l.attend(layer, i / s.kv_heads, i % s.kv_heads, scratch.attention);
#pragma omp barrier
  if (l.edit.edit) {
    l.edit_attended(layer, split(l.rows.sequences, thread, threads));
#pragma omp barrier
  }
  l.add_attention<Order::columns>(all, columns(s.hidden));
#pragma omp barrier
  l.normalise_for_mlp(mine);
#pragma omp barrier
  l.gate<Order::columns>(all, columns(2 * s.intermediate), gated);
#pragma omp barrier
  l.add_mlp<Order::columns>(all, columns(s.hidden), gated);
#pragma omp barrier
}

}  // namespace

size_t activations_size(const TowerSize& size, const Rows& rows) {
  return size.layers * LayerActivations::bytes(size, rows);
}

size_t forward_workspace_size(const TowerSize& size, const Rows& rows, int threads) {
  Carver counter(nullptr);
  Shared(size, rows, threads, counter);
  return counter.used() + threads * Scratch::bytes(size, rows);
}

void forward(const TowerSize& size, const bf16* packed, const Rows& rows, const Activations& activations,
             const AttendedEdit& edit, float* x, void* workspace, int threads) {
  const bool training = activations.kept != nullptr, columns = splits_columns(rows, training, threads);
  Carver carver(workspace);
  const Shared shared(size, rows, threads, carver);
  char* const scratches = static_cast<char*>(workspace) + carver.used();
  for (int i = 0; i < rows.total(); ++i)  // padding rows turn like the last real one: they stay zero
    shared.angles[i] = static_cast<int>(i / rows.padded * rows.angles_stride +
                                        smaller(i % rows.padded, rows.rows - 1) * (kHeadDim / 2));
  const long layer_rows = activations.all_projections ? rows.total() : 0;
#pragma omp parallel num_threads(threads)
  {
    const TileSession session;
    const int thread = omp_get_thread_num();
    Carver own(scratches + thread * Scratch::bytes(size, rows));
    const Scratch scratch(size, rows, own);
    const Span sequences = split(rows.sequences, thread, omp_get_num_threads());
    for (int i = 0; i < size.layers; ++i) {
      const Layer layer = {size, rows, packed + i * PackedLayer(size).size, x,
                           activations.projections + i * layer_rows * size.projections(),
                           training ? LayerActivations::at(size, rows, activations.kept, i) : shared.inference,
                           shared.angles, training, edit, session};
      if (columns)
        by_columns(layer, i, shared.gated, scratch);
      else
        by_sequences(layer, i, sequences, scratch);
    }
  }
}

}  // namespace atelier::base::kernels
