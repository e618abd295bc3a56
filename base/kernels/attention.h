#pragma once
/// Softmax attention of one sequence and one key-value head (with all query heads that share it), by one thread.
///
/// Keys are numbered in blocks of 32: first the prefix, padded at its front to whole blocks, then the own rows. So the
/// keys that a row sees are one range [first, end), whatever was padded.
#include "base/kernels/tower_parts.h"

namespace atelier::base::kernels {

/// The padded keys and values of one sequence and head, where they lie.
class KeyBlocks {
 public:
  /// @param projections   the sequence's rows of [q | k | v]
  /// @param padded_block  2 * 32 * 64 numbers for the one block that must be copied to be padded
  KeyBlocks(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head, const bf16* projections,
            bf16* padded_block);

  struct Block {  // 32 rows of 64 each
    const bf16 *keys, *values;
    long keys_stride, values_stride;
  };
  Block operator[](int block) const;

  int count;         // blocks
  int own;           // number of the first own key: 32 * blocks of the prefix
  int first;         // number of the first visible key
  int padding;       // keys in front of the prefix
  int first_block() const { return first / 32; }

  /// One past the last key that own row `row` sees; `first` for a padding row, which sees none.
  int end(const Rows& rows, int row) const {
    return row >= rows.rows ? first : rows.causal ? own + row + 1 : own + rows.rows;
  }
  /// One past the last block that any of the 32 rows from `row` on sees.
  int end_block(const Rows& rows, int row) const { return rows.causal ? own / 32 + row / 32 + 1 : count; }

 private:
  Block prefix_, own_, padded_;
};

struct AttentionScratch {
  bf16 *padded_block, *keys, *values, *probabilities;
  float *scores, *result;
  // Backward only.
  bf16 *queries, *queries_rows, *gradients, *gradients_rows, *score_gradients, *score_gradients_rows;
  float *key_gradients, *value_gradients, *delta;
  AttentionScratch(const Rows& rows, bool backward, Carver& carver);
};

/// @param projections   (padded, projections) rows of the sequence, q scaled and rotated, k rotated
/// @param attended      (padded, query) the sequence's rows: this head's columns are written
/// @param log_sum       the sequence's rows in (H, T), or null
void attend(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head, const bf16* projections,
            bf16* attended, float* log_sum, const AttentionScratch& scratch);

/// @param d_attended     (padded, query) gradient of `attended`
/// @param d_projections  (padded, projections) gradient of the rows before rotation: this head's columns are written
void attend_backward(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head,
                     const bf16* projections, const bf16* attended, const float* log_sum, const bf16* d_attended,
                     const Gradients& gradients, bf16* d_projections, const AttentionScratch& scratch);

}  // namespace atelier::base::kernels
