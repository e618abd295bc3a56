#include "retrieval/clip_model.h"

#include "base/error.h"
#include "base/ops.h"

#include <cmath>
#include <limits>

namespace atelier::retrieval {
namespace {

using base::Scope, base::normal, base::ones, base::zeros;

ClipEncoderShape shape_of(const auto& config) {
  return {config.hidden_size,         config.intermediate_size, config.num_hidden_layers,
          config.num_attention_heads, config.layer_norm_eps,    config.hidden_act == "quick_gelu"};
}

const ClipConfig& checked(const ClipConfig& config) {
  config.check();
  return config;
}

int64_t patches_of(const ClipVisionConfig& config) {
  const int64_t side = config.image_size / config.patch_size;
  return side * side;
}

Tensor quick_gelu(const Tensor& x) { return x * at::sigmoid(1.702 * x); }

// LibTorch's fused attention prepares a oneDNN call for each head of each sequence in bf16; at a hundred tokens that takes
// longer than everything else in CLIP. One batched product does not.
constexpr int64_t kShort = 256;

/// @param qkv (3, batch, heads, tokens, head_dim) @return (batch, tokens, heads * head_dim)
Tensor attend(const Tensor& qkv, bool causal) {
  const auto parts = qkv.unbind(0);
  const int64_t batch = qkv.size(1), heads = qkv.size(2), tokens = qkv.size(3), head_dim = qkv.size(4);
  if (!qkv.is_cpu() || qkv.scalar_type() != at::kBFloat16 || tokens > kShort)
    return base::attend(parts[0], parts[1], parts[2], {}, causal && tokens > 1);
  const auto rows = [&](const Tensor& x) { return x.reshape({batch * heads, tokens, head_dim}); };
  Tensor mask = at::zeros({tokens, tokens}, qkv.options());
  if (causal) mask = at::full({tokens, tokens}, -std::numeric_limits<float>::infinity(), qkv.options()).triu(1);
  const Tensor scores = at::baddbmm(mask.expand({batch * heads, tokens, tokens}), rows(parts[0]), rows(parts[1]).transpose(1, 2),
                                    causal ? 1 : 0, 1 / std::sqrt(static_cast<double>(head_dim)));
  const Tensor a = at::bmm(at::softmax(scores, -1), rows(parts[2]));  // (batch * heads, tokens, head_dim)
  return a.view({batch, heads, tokens, head_dim}).transpose(1, 2).reshape({batch, tokens, heads * head_dim});
}


}  // namespace

ClipLayerNorm::ClipLayerNorm(const Scope& scope, int64_t hidden, double epsilon)
    : weight(scope("weight", {hidden}, ones())), bias(scope("bias", {hidden}, zeros())), epsilon(epsilon) {}

Tensor ClipLayerNorm::forward(const Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
}

// The paper's initialisation: what writes into the residual stream is scaled by 1 / sqrt(2 layers), so that its variance
// does not grow with depth; attention and the first matrix of the MLP by the width they read.
ClipEncoder::Layer::Layer(const Scope& scope, const ClipEncoderShape& s)
    : layer_norm1(scope / "layer_norm1", s.hidden_size, s.layer_norm_eps),
      layer_norm2(scope / "layer_norm2", s.hidden_size, s.layer_norm_eps) {
  const int64_t d = s.hidden_size, m = s.intermediate_size;
  const double attention = 1 / std::sqrt(static_cast<double>(d));
  const double into_residual = attention / std::sqrt(2.0 * static_cast<double>(s.num_hidden_layers));
  const auto matrix = [&](const Scope& at, int64_t out, int64_t in, double deviation, Tensor& weight, Tensor& bias) {
    weight = at("weight", {out, in}, normal(deviation));
    bias = at("bias", {out}, zeros());
  };
  const Scope self_attention = scope / "self_attn", mlp = scope / "mlp";
  matrix(self_attention / "q_proj", d, d, attention, q_proj, q_bias);
  matrix(self_attention / "k_proj", d, d, attention, k_proj, k_bias);
  matrix(self_attention / "v_proj", d, d, attention, v_proj, v_bias);
  matrix(self_attention / "out_proj", d, d, into_residual, out_proj, out_bias);
  matrix(mlp / "fc1", m, d, attention / std::sqrt(2.0), fc1, fc1_bias);
  matrix(mlp / "fc2", d, m, into_residual, fc2, fc2_bias);
}

ClipEncoder::ClipEncoder(const Scope& scope, const ClipEncoderShape& shape) : shape_(shape) {
  for (int64_t i = 0; i < shape.num_hidden_layers; ++i) layers_.emplace_back(scope / "layers" / i, shape);
}

Tensor ClipEncoder::forward(const Tensor& input, bool causal, std::vector<Tensor>* hidden) const {
  const int64_t batch = input.size(0), tokens = input.size(1), heads = shape_.num_attention_heads;
  Tensor x = input;  // (batch, tokens, hidden)
  if (hidden) hidden->push_back(x);
  for (const Layer& w : layers_) {
    const Tensor h = w.layer_norm1.forward(x).to(dtype());
    // One product instead of three reads the activations once, and once again in the backward pass.
    const Tensor qkv = base::linear(h, at::cat({w.q_proj, w.k_proj, w.v_proj}), at::cat({w.q_bias, w.k_bias, w.v_bias}));
    const Tensor a = attend(qkv.view({batch, tokens, 3, heads, shape_.hidden_size / heads}).permute({2, 0, 3, 1, 4}).contiguous(), causal);
    x = x + base::linear(a, w.out_proj, w.out_bias);
    const Tensor f = base::linear(w.layer_norm2.forward(x).to(dtype()), w.fc1, w.fc1_bias);  // (batch, tokens, intermediate)
    x = x + base::linear(shape_.quick_gelu ? quick_gelu(f) : at::gelu(f), w.fc2, w.fc2_bias);
    if (hidden) hidden->push_back(x);
  }
  return x;
}

// Embeddings as in the published code: 0.02, positions of texts 0.01; the class token and the projections by their width.
ClipModel::ClipModel(const Scope& scope, const ClipConfig& config)
    : config_(checked(config)),
      token_embedding_((scope / "text_model" / "embeddings" / "token_embedding")(
          "weight", {config.text_config.vocab_size, config.text_config.hidden_size}, normal(0.02))),
      text_position_((scope / "text_model" / "embeddings" / "position_embedding")(
          "weight", {config.text_config.max_position_embeddings, config.text_config.hidden_size}, normal(0.01))),
      text_encoder_(scope / "text_model" / "encoder", shape_of(config.text_config)),
      final_layer_norm_(scope / "text_model" / "final_layer_norm", config.text_config.hidden_size, config.text_config.layer_norm_eps),
      class_embedding_((scope / "vision_model" / "embeddings")(
          "class_embedding", {config.vision_config.hidden_size}, normal(1 / std::sqrt(config.vision_config.hidden_size)))),
      patch_embedding_((scope / "vision_model" / "embeddings" / "patch_embedding")(
          "weight", {config.vision_config.hidden_size, 3, config.vision_config.patch_size, config.vision_config.patch_size}, normal(0.02))),
      patch_position_((scope / "vision_model" / "embeddings" / "position_embedding")(
          "weight", {patches_of(config.vision_config) + 1, config.vision_config.hidden_size}, normal(0.02))),
      pre_layer_norm_(scope / "vision_model" / "pre_layrnorm", config.vision_config.hidden_size, config.vision_config.layer_norm_eps),
      vision_encoder_(scope / "vision_model" / "encoder", shape_of(config.vision_config)),
      post_layer_norm_(scope / "vision_model" / "post_layernorm", config.vision_config.hidden_size, config.vision_config.layer_norm_eps),
      visual_projection_((scope / "visual_projection")(
          "weight", {config.projection_dim, config.vision_config.hidden_size}, normal(1 / std::sqrt(config.vision_config.hidden_size)))),
      text_projection_((scope / "text_projection")(
          "weight", {config.projection_dim, config.text_config.hidden_size}, normal(1 / std::sqrt(config.text_config.hidden_size)))),
      logit_scale_(scope("logit_scale", {}, zeros())) {}

Tensor ClipModel::encode_pictures(const Tensor& pixels, const Tensor& patches, std::vector<Tensor>* hidden) const {
  const ClipVisionConfig& c = config_.vision_config;
  const int64_t batch = pixels.size(0), side = c.image_size / c.patch_size, p = c.patch_size, numbers = 3 * p * p;
  REQUIRE(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) == c.image_size && pixels.size(3) == c.image_size,
          "pictures must be (n, 3, {0}, {0})", c.image_size);
  // A convolution whose stride is its size is a matrix product of patches.
  Tensor patch = pixels.to(vision_encoder_.dtype()).view({batch, 3, side, p, side, p}).permute({0, 2, 4, 1, 3, 5})
                     .reshape({batch, side * side, numbers});
  const Tensor position = patch_position_.to(at::kFloat);
  Tensor patch_position = position.narrow(0, 1, side * side);  // (patches, hidden), or (batch, kept, hidden)
  if (patches.defined()) {
    patch = patch.gather(1, patches.unsqueeze(-1).expand({batch, patches.size(1), numbers}));
    patch_position = at::embedding(patch_position, patches);
  }
  const Tensor embedded = base::linear(patch, patch_embedding_.view({c.hidden_size, numbers})) + patch_position;
  const Tensor first = (class_embedding_ + position[0]).view({1, 1, c.hidden_size}).expand({batch, 1, c.hidden_size});
  const Tensor x = at::cat({first, embedded}, 1);  // (batch, patches + 1, hidden) fp32
  const Tensor out = vision_encoder_.forward(pre_layer_norm_.forward(x), /*causal=*/false, hidden);
  const Tensor pooled = post_layer_norm_.forward(out.select(1, 0));  // (batch, hidden)
  return base::unit(base::linear(pooled.to(vision_encoder_.dtype()), visual_projection_).to(at::kFloat));
}

Tensor ClipModel::encode_texts(const Tensor& ids, std::vector<Tensor>* hidden) const {
  const ClipTextConfig& c = config_.text_config;
  const int64_t batch = ids.size(0), tokens = ids.size(1);
  REQUIRE(tokens >= 1 && tokens <= c.max_position_embeddings, "a text may have 1 to {} tokens, not {}",
          c.max_position_embeddings, tokens);
  const Tensor x = at::embedding(token_embedding_, ids).to(at::kFloat) + text_position_.narrow(0, 0, tokens).to(at::kFloat);
  const Tensor out = text_encoder_.forward(x, /*causal=*/true, hidden);
  // The first published configs say eos_token_id 2, which is no end token: there the largest id is the end.
  const Tensor end = (c.eos_token_id == 2 ? ids : ids.eq(c.eos_token_id).to(at::kInt)).argmax(-1);  // (batch)
  const Tensor index = end.view({batch, 1, 1}).expand({batch, 1, c.hidden_size});
  const Tensor pooled = final_layer_norm_.forward(out.gather(1, index).squeeze(1));  // (batch, hidden)
  return base::unit(base::linear(pooled.to(text_encoder_.dtype()), text_projection_).to(at::kFloat));
}

Tensor ClipModel::logit_scale() const { return logit_scale_.clamp_max(std::log(100.0)).exp(); }

}  // namespace atelier::retrieval
