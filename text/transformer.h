#pragma once
/// A stack of Llama decoder layers, its key-value cache, and the language model around it.
///
/// LMFusion's two towers are two of these stacks over one cache: a segment of a sequence (text, or one picture) runs
/// through its own tower, attends to everything that the cache holds and to itself, and leaves its keys and values
/// behind. As no segment sees a later one, running them in order is the same as one joint pass under Transfusion's mask.
#include "base/config.h"
#include "base/fused_tower.h"
#include "base/ops.h"
#include "base/parameters.h"

#include <optional>
#include <string>
#include <vector>

namespace atelier::text {

/// Llama 3.1's stretched rotary frequencies.
struct RopeScaling {
  std::string rope_type = "llama3";
  double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
  int64_t original_max_position_embeddings = 8192;
  template <class Visitor>
  void visit(Visitor& v);
};

/// Hugging Face's config.json of the Llama and Qwen2 family.
struct LlamaConfig {
  std::string model_type = "llama";
  int64_t vocab_size = 8192;
  int64_t hidden_size = 256;
  int64_t intermediate_size = 704;
  int64_t num_hidden_layers = 8;
  int64_t num_attention_heads = 4;
  std::optional<int64_t> num_key_value_heads;   // absent: num_attention_heads
  std::optional<int64_t> head_dim;              // absent: hidden_size / num_attention_heads
  int64_t max_position_embeddings = 2048;
  double rms_norm_eps = 1e-5;
  double rope_theta = 10000;
  std::optional<RopeScaling> rope_scaling;
  bool tie_word_embeddings = true;
  bool attention_bias = false;                  // on q, k, v and o; Qwen2 always has it on q, k, v

  template <class Visitor>
  void visit(Visitor& v);

  int64_t kv_heads() const { return num_key_value_heads.value_or(num_attention_heads); }
  int64_t head_size() const { return head_dim.value_or(hidden_size / num_attention_heads); }
  /// @throws InvalidArgument where fields contradict each other
  void check() const;
};

/// config.json of either layout of Hugging Face (rope_theta at the top, or inside rope_parameters). @throws InvalidFile
LlamaConfig read_llama_config(const std::filesystem::path& file);

/// Rotation tables for positions. @param positions (batch or 1, tokens) any integer or float dtype
/// @return cos, sin (batch or 1, tokens, head_dim / 2) fp32
base::Rope make_rope(const LlamaConfig& config, const Tensor& positions);

/// Keys and values of the tokens so far, after rotation.
///
/// A forward pass first proposes a segment's keys and values; only `commit` makes them part of the cache. So the
/// denoising steps of one picture all stand on the same prefix, and each overwrites the last one's proposal.
class KvCache {
 public:
  /// Reserves buffers so that decoding copies only the new tokens. Inference only (no gradients through it).
  void reserve(const LlamaConfig& config, int64_t batch, int64_t capacity);

  /// Proposes one layer's k, v (batch, kv_heads, tokens, head_dim) behind the cached ones; layers come in order.
  /// @return the layer's keys and values, cached and proposed
  std::pair<Tensor, Tensor> propose(int64_t layer, const Tensor& k, const Tensor& v);
  /// Proposes all layers at once: (layers, batch, kv_heads, tokens, head_dim).
  void propose(const base::TowerKeyValues& all);
  /// @param padding (batch) int64 on the CPU: how many of the proposed tokens at each sequence's end are padding. They
  ///   leave, and the sequences move back, so that padding only ever stands at the front. Undefined: none
  void commit(const Tensor& padding = {});

  int64_t length() const { return length_; }  // tokens cached, padding included
  /// (layers, batch, kv_heads, length, head_dim); undefined while empty.
  base::TowerKeyValues contents() const;

  /// (batch) int64: how many tokens at the front are padding; undefined: none.
  Tensor start;

 private:
  Tensor keys_, values_;                                 // (layers, batch, kv_heads, length or capacity, head_dim)
  std::vector<Tensor> proposed_keys_, proposed_values_;  // a layer each
  base::TowerKeyValues proposed_;
  int64_t length_ = 0, capacity_ = 0;
};

/// Weights of one layer, Hugging Face's names.
struct DecoderLayer {
  Tensor input_layernorm, post_attention_layernorm;  // (hidden)
  Tensor q_proj, k_proj, v_proj, o_proj;             // (heads * head_dim, hidden), (kv_heads * head_dim, hidden) x2, (hidden, heads * head_dim)
  Tensor q_bias, k_bias, v_bias, o_bias;             // undefined where the model has none
  Tensor gate_proj, up_proj, down_proj;              // (intermediate, hidden) x2, (hidden, intermediate)

  DecoderLayer(const base::Scope& scope, const LlamaConfig& config);
};

class Transformer {
 public:
  /// Parameters scope/layers.N.… and scope/norm.weight.
  Transformer(const base::Scope& scope, const LlamaConfig& config);

  /// Runs one segment. @param x (batch, tokens, hidden) @param rope rows of these tokens
  /// @param causal   among these tokens; they always see the whole cache (from cache.start on)
  /// @param cache    proposed to, not committed
  /// @param edit     changes what attention gave before it is projected (base/fused_tower.h); inference only
  /// @return (batch, tokens, hidden) fp32, after the last layer, before the final norm
  Tensor forward(const Tensor& x, const base::Rope& rope, bool causal, KvCache& cache,
                 const base::AttendedEdit& edit = {}) const;

  /// Where the fused kernels run, to be told that their copy of the weights is stale, or to add weight gradients to fp32
  /// buffers themselves (base/fused_tower.h). Null where the processor, the device, the dtype or the shape has no fused path.
  base::FusedTower* fused() const;

  /// The final norm. @return compute dtype
  Tensor norm(const Tensor& hidden) const;

  const LlamaConfig& config() const { return config_; }
  const std::vector<DecoderLayer>& layers() const { return layers_; }

 private:
  LlamaConfig config_;
  base::TowerShape shape_;
  std::vector<DecoderLayer> layers_;
  Tensor norm_;  // (hidden)
  std::shared_ptr<base::FusedTower> fused_;  // null where layers have biases
};

/// LlamaForCausalLM: embeddings, the stack, the head.
class TextModel {
 public:
  /// Parameters model.embed_tokens, model.layers…, model.norm, lm_head under `scope`.
  TextModel(const base::Scope& scope, const LlamaConfig& config);
  /// A folder with config.json and weights in Hugging Face's layout. @throws InvalidFile
  static TextModel load(const std::filesystem::path& folder);

  /// @param ids (batch, tokens) int64 @return (batch, tokens, hidden) fp32
  Tensor embed(const Tensor& ids) const;
  /// @param ids (batch, tokens), positions follow the cache (padding not counted) @return after the final norm,
  ///   (batch, tokens, hidden) compute dtype; the cache is committed
  Tensor forward(const Tensor& ids, KvCache& cache) const;
  /// @param hidden (…, hidden) after the final norm @return (…, vocab_size) fp32
  Tensor logits(const Tensor& hidden) const;

  const LlamaConfig& config() const { return transformer_.config(); }
  const Transformer& transformer() const { return transformer_; }

 private:
  Tensor embed_tokens_;  // (vocab, hidden)
  Transformer transformer_;
  Tensor lm_head_;       // (vocab, hidden), the embeddings where tied
};

template <class Visitor>
void RopeScaling::visit(Visitor& v) {
  v("rope_type", rope_type, base::one_of({"llama3"}));
  v("factor", factor, base::positive());
  v("low_freq_factor", low_freq_factor, base::positive());
  v("high_freq_factor", high_freq_factor, base::positive());
  v("original_max_position_embeddings", original_max_position_embeddings, base::range(1, 1e9));
}

template <class Visitor>
void LlamaConfig::visit(Visitor& v) {
  using base::any, base::range, base::positive, base::one_of;
  v("model_type", model_type, one_of({"llama", "qwen2"}));
  v("vocab_size", vocab_size, range(1, 1 << 20));
  v("hidden_size", hidden_size, range(1, 65536));
  v("intermediate_size", intermediate_size, range(1, 1 << 20));
  v("num_hidden_layers", num_hidden_layers, range(1, 1024));
  v("num_attention_heads", num_attention_heads, range(1, 1024));
  v("num_key_value_heads", num_key_value_heads, range(1, 1024));
  v("head_dim", head_dim, range(2, 1024));
  v("max_position_embeddings", max_position_embeddings, range(1, 1e9));
  v("rms_norm_eps", rms_norm_eps, positive());
  v("rope_theta", rope_theta, positive());
  v("rope_scaling", rope_scaling, any());
  v("tie_word_embeddings", tie_word_embeddings, any());
  v("attention_bias", attention_bias, any());
}

}  // namespace atelier::text
