#pragma once
/// What text reads of a picture beside the shared attention: cross-attention blocks above the frozen text tower (Flamingo,
/// Alayrac et al. 2022, section 3.1.2: attention to the picture and a feed-forward network, both of no effect at first).
///
/// The frozen tower's queries were made for text and get at a picture's states badly: a linear probe of what the image tower
/// leaves in the cache names half as many things again as CLIP's vectors, captions that come through the tower alone hardly
/// any (docs/experiments.md). These blocks have queries of their own, and see all layers at once; and the words before the
/// picture, so that one block can look for what another has read of. Text with no picture before it passes them by, so it
/// stays bit for bit the text tower's.
#include "base/parameters.h"

#include <vector>

namespace atelier::fusion {

struct CrossAttentionConfig {
  int64_t layers = 0;          // blocks; 0: none
  int64_t image_layers = 8;    // of the image tower
  int64_t image_size = 256;    // of one of its layers' values: kv_heads * head_dim
  int64_t patches = 64;        // of a picture
  int64_t hidden_size = 256;   // of the text tower
  int64_t num_attention_heads = 4;
};

class CrossAttention {
 public:
  /// Parameters scope/norm.weight and scope/layers.N.….
  CrossAttention(const base::Scope& scope, const CrossAttentionConfig& config);

  /// Whether the weights know close-ups and the words before a picture; if not, they are given neither.
  bool reads_closely() const { return !blocks_.empty() && blocks_.front().close_up.defined(); }

  /// The blocks' keys and values of a picture, or of a close-up of a part of it, whose patches are averaged two by two.
  /// @param values (image_layers, batch, kv_heads, patches, head_dim): what the image tower left in the cache
  /// @param boxes  (batch, 4) fp32: which part, as left, top, width, height in [0, 1] of the picture's sides; its patches
  ///   then stand where they lie in the whole picture. Undefined: the picture itself
  /// @return (2 * layers, batch, heads, patches, hidden / heads)
  Tensor see(const Tensor& values, const Tensor& boxes = {}) const;

  /// The same of the words before it, which may ask for something: what they are and what the text tower makes of them.
  /// @param embedded, hidden (batch, tokens, hidden): before the first and after the last layer, normed
  Tensor see_words(const Tensor& embedded, const Tensor& hidden) const;

  /// @param hidden (batch, tokens, hidden) after the text tower's final norm
  /// @param seen   words, pictures and close-ups, one behind the other in the patches' dimension
  /// @param valid  (batch, n) bool: which of the first n are no padding; undefined: all
  /// @return (batch, tokens, hidden)
  Tensor read(const Tensor& hidden, const Tensor& seen, const Tensor& valid = {}) const;

 private:
  struct Block {
    Tensor q_proj, k_proj, v_proj, o_proj;  // (hidden, hidden), (hidden, image_layers * image_size) x2, (hidden, hidden)
    Tensor v_bias;                          // (hidden)
    Tensor position;                        // (patches, hidden): where on the picture a key is
    // Undefined in weights that know neither close-ups nor the words before the picture.
    Tensor v_position;                      // (patches, hidden): the same for values
    Tensor close_up, v_close_up;            // (hidden): that it is of a close-up
    Tensor word_k_proj, word_v_proj;        // (hidden, 2 * hidden)
    Tensor norm, gate_proj, up_proj, down_proj;
    Block(const base::Scope& scope, const CrossAttentionConfig& config);
  };

  /// Keys and values of each block, (batch, keys, hidden), as one tensor.
  Tensor by_heads(const std::vector<Tensor>& all) const;

  CrossAttentionConfig config_;
  Tensor norm_;  // (image_layers * image_size): layers differ in scale
  std::vector<Block> blocks_;
};

}  // namespace atelier::fusion
