#pragma once
/// The two transformers of CLIP (Radford et al. 2021), with Hugging Face's parameter names.
///
/// Both are pre-norm; the picture's is read at its class token, the text's at its end token. Between operations
/// activations are in the compute dtype, the residual stream is fp32 (base/ops.h).
#include "base/parameters.h"
#include "retrieval/clip_config.h"

#include <string>
#include <vector>

namespace atelier::retrieval {

struct ClipLayerNorm {
  Tensor weight, bias;  // (hidden) fp32
  double epsilon;

  ClipLayerNorm(const base::Scope& scope, int64_t hidden, double epsilon);
  /// @param x (…, hidden) fp32 @return the same
  Tensor forward(const Tensor& x) const;
};

/// What the text's and the picture's stack differ in.
struct ClipEncoderShape {
  int64_t hidden_size, intermediate_size, num_hidden_layers, num_attention_heads;
  double layer_norm_eps;
  bool quick_gelu;
};

class ClipEncoder {
 public:
  /// Parameters scope/layers.N.…
  ClipEncoder(const base::Scope& scope, const ClipEncoderShape& shape);

  /// @param x (batch, tokens, hidden) fp32 @param causal  a token sees itself and those before it; else all
  /// @param hidden  if given, the input and what each layer gives are appended to it
  /// @return (batch, tokens, hidden) fp32
  Tensor forward(const Tensor& x, bool causal, std::vector<Tensor>* hidden = nullptr) const;

  at::ScalarType dtype() const { return layers_.front().fc1.scalar_type(); }

 private:
  struct Layer {
    ClipLayerNorm layer_norm1;
    Tensor q_proj, k_proj, v_proj, out_proj;              // (hidden, hidden)
    Tensor q_bias, k_bias, v_bias, out_bias;              // (hidden)
    ClipLayerNorm layer_norm2;
    Tensor fc1, fc1_bias, fc2, fc2_bias;                  // (intermediate, hidden), (hidden, intermediate)

    Layer(const base::Scope& scope, const ClipEncoderShape& shape);
  };

  ClipEncoderShape shape_;
  std::vector<Layer> layers_;
};

class ClipModel {
 public:
  /// Parameters text_model.…, vision_model.…, text_projection.weight, visual_projection.weight, logit_scale.
  /// @throws InvalidArgument if the config contradicts itself
  ClipModel(const base::Scope& scope, const ClipConfig& config);

  /// @param pixels (batch, 3, image_size, image_size) fp32, normalised as preprocessor_config.json says
  /// @param patches (batch, kept) int64, which patches the model sees, counted by rows (FLIP's training); undefined: all
  /// @param hidden  if given, gets the states before and after each layer: num_hidden_layers + 1 times
  ///   (batch, patches + 1, hidden) fp32
  /// @return (batch, projection_dim) fp32, each of length 1
  Tensor encode_pictures(const Tensor& pixels, const Tensor& patches = {}, std::vector<Tensor>* hidden = nullptr) const;

  /// @param ids (batch, tokens) int64, from start to end token; what stands behind the end token is never seen
  /// @return (batch, projection_dim) fp32, each of length 1
  /// @throws InvalidArgument for more than max_position_embeddings tokens
  Tensor encode_texts(const Tensor& ids, std::vector<Tensor>* hidden = nullptr) const;

  /// exp of the learned logarithm, at most 100 as in the paper. @return () fp32, differentiable
  Tensor logit_scale() const;

  const ClipConfig& config() const { return config_; }

 private:
  ClipConfig config_;
  // Text.
  Tensor token_embedding_, text_position_;                    // (vocab, hidden), (positions, hidden)
  ClipEncoder text_encoder_;
  ClipLayerNorm final_layer_norm_;
  // Pictures.
  Tensor class_embedding_, patch_embedding_, patch_position_;  // (hidden), (hidden, 3, patch, patch), (patches + 1, hidden)
  ClipLayerNorm pre_layer_norm_;
  ClipEncoder vision_encoder_;
  ClipLayerNorm post_layer_norm_;
  // Both.
  Tensor visual_projection_, text_projection_;                 // (projection_dim, hidden)
  Tensor logit_scale_;                                         // () fp32
};

}  // namespace atelier::retrieval
