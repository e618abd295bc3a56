#pragma once
/// What text reads of a picture beside the shared attention: cross-attention blocks above the frozen text tower (Flamingo,
/// Alayrac et al. 2022, section 3.1.2: attention to the picture and a feed-forward network, both of no effect at first).
///
/// The frozen tower's queries were made for text and get at a picture's states badly: a linear probe of what the image tower
/// leaves in the cache names half as many things again as CLIP's vectors, captions that come through the tower alone hardly
/// any (docs/experiments.md). These blocks have queries of their own, and see all layers at once. Text with no picture
/// before it passes them by, so it stays bit for bit the text tower's.
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

  /// The blocks' keys and values of a picture.
  /// @param values (image_layers, batch, kv_heads, patches, head_dim): what the image tower left in the cache
  /// @return (2 * layers, batch, heads, patches, hidden / heads); undefined without blocks
  Tensor see(const Tensor& values) const;

  /// @param hidden (batch, tokens, hidden) after the text tower's final norm
  /// @param seen   of one picture or several, one behind the other in the patches' dimension
  /// @return (batch, tokens, hidden)
  Tensor read(const Tensor& hidden, const Tensor& seen) const;

 private:
  struct Block {
    Tensor q_proj, k_proj, v_proj, o_proj;  // (hidden, hidden), (hidden, image_layers * image_size) x2, (hidden, hidden)
    Tensor position, v_bias;                // (patches, hidden): where on the picture a key is; (hidden)
    Tensor norm, gate_proj, up_proj, down_proj;
    Block(const base::Scope& scope, const CrossAttentionConfig& config);
  };

  CrossAttentionConfig config_;
  Tensor norm_;  // (image_layers * image_size): layers differ in scale
  std::vector<Block> blocks_;
};

}  // namespace atelier::fusion
