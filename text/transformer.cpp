#include "text/transformer.h"

#include "base/error.h"

#include <cmath>
#include <numbers>

namespace atelier::text {

using base::normal, base::ones, base::zeros;

void LlamaConfig::check() const {
  REQUIRE(num_attention_heads % kv_heads() == 0, "num_attention_heads ({}) must be a multiple of num_key_value_heads ({})",
          num_attention_heads, kv_heads());
  REQUIRE(head_dim || hidden_size % num_attention_heads == 0,
          "hidden_size ({}) must be a multiple of num_attention_heads ({}) where head_dim is not given", hidden_size,
          num_attention_heads);
  REQUIRE(head_size() % 2 == 0, "head_dim must be even for rotary embeddings, not {}", head_size());
}

LlamaConfig read_llama_config(const std::filesystem::path& file) {
  base::json document = base::read_json(file);
  CHECK_FILE(document.is_object(), file.string(), "a config must be a JSON object");
  // transformers >= 5 moved the rotary fields into one object; before, rope_theta stood at the top.
  if (const auto rope = document.find("rope_parameters"); rope != document.end() && rope->is_object()) {
    if (rope->contains("rope_theta")) document["rope_theta"] = (*rope)["rope_theta"];
    base::json scaling = *rope;
    scaling.erase("rope_theta");
    document.erase("rope_parameters");
    if (scaling.value("rope_type", "default") != "default") document["rope_scaling"] = scaling;
  }
  LlamaConfig config = base::read_config<LlamaConfig>(document, file.string(), base::UnknownFields::ignore);
  try {
    config.check();
  } catch (const base::InvalidArgument& error) {
    throw base::InvalidFile(fmt::format("{}: {}", file.string(), error.what()));
  }
  return config;
}

namespace {

Tensor inverse_frequencies(const LlamaConfig& config) {
  const int64_t half = config.head_size() / 2;
  Tensor result = at::empty({half}, at::kDouble);
  auto* f = result.data_ptr<double>();
  for (int64_t i = 0; i < half; ++i) {
    f[i] = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_size()));
    if (const auto& s = config.rope_scaling) {
      // Llama 3.1: short wavelengths stay, long ones are stretched by `factor`, those between are blended.
      const double turns = static_cast<double>(s->original_max_position_embeddings) * f[i] / (2 * std::numbers::pi);
      const double smooth = (turns - s->low_freq_factor) / (s->high_freq_factor - s->low_freq_factor);
      f[i] *= turns < s->low_freq_factor    ? 1 / s->factor
              : turns > s->high_freq_factor ? 1
                                            : smooth + (1 - smooth) / s->factor;
    }
  }
  return result.to(at::kFloat);
}

}  // namespace

base::Rope make_rope(const LlamaConfig& config, const Tensor& positions) {
  const Tensor frequencies = inverse_frequencies(config).to(positions.device());
  const Tensor angle = positions.to(at::kFloat).unsqueeze(-1) * frequencies;  // (batch or 1, tokens, head_dim / 2)
  return {angle.cos(), angle.sin()};
}

void KvCache::reserve(const LlamaConfig& config, int64_t batch, int64_t capacity) {
  ASSERT(length_ == 0);
  capacity_ = capacity;
  keys_ = at::empty({config.num_hidden_layers, batch, config.kv_heads(), capacity, config.head_size()}, base::compute_options());
  values_ = at::empty_like(keys_);
}

std::pair<Tensor, Tensor> KvCache::propose(int64_t layer, const Tensor& k, const Tensor& v) {
  if (layer == 0) {
    proposed_keys_.clear();
    proposed_values_.clear();
  }
  ASSERT(layer == static_cast<int64_t>(proposed_keys_.size()));
  proposed_keys_.push_back(k);
  proposed_values_.push_back(v);
  if (length_ == 0) return {k, v};
  const base::TowerKeyValues cached = contents();
  return {at::cat({cached.keys[layer], k}, 2), at::cat({cached.values[layer], v}, 2)};
}

void KvCache::propose(const base::TowerKeyValues& all) { proposed_ = all; }

void KvCache::commit(const Tensor& padding) {
  if (!proposed_keys_.empty()) proposed_ = {at::stack(proposed_keys_), at::stack(proposed_values_)};
  proposed_keys_.clear();
  proposed_values_.clear();
  const auto [k, v] = std::exchange(proposed_, {});
  ASSERT(k.defined());
  const int64_t tokens = k.size(3);
  if (capacity_ > 0) {
    REQUIRE(length_ + tokens <= capacity_, "a sequence may hold {} tokens here, not {}", capacity_, length_ + tokens);
    keys_.narrow(3, length_, tokens).copy_(k);
    values_.narrow(3, length_, tokens).copy_(v);
  } else {
    keys_ = length_ == 0 ? k : at::cat({keys_, k}, 3);
    values_ = length_ == 0 ? v : at::cat({values_, v}, 3);
  }
  length_ += tokens;
  if (!padding.defined()) return;
  ASSERT(capacity_ == 0);
  keys_ = base::padding_to_front(keys_, padding);
  values_ = base::padding_to_front(values_, padding);
  start = start.defined() ? start + padding.to(start.device()) : padding.to(keys_.device());
}

base::TowerKeyValues KvCache::contents() const {
  if (length_ == 0) return {};
  return {keys_.narrow(3, 0, length_), values_.narrow(3, 0, length_)};
}

// Deviation 0.02 everywhere as in GPT-2 and Llama; what writes into the residual stream is scaled by 1 / sqrt(2 layers),
// so that its variance does not grow with depth.
DecoderLayer::DecoderLayer(const base::Scope& scope, const LlamaConfig& c) {
  const int64_t d = c.hidden_size, q = c.num_attention_heads * c.head_size(), kv = c.kv_heads() * c.head_size();
  const double into_residual = 0.02 / std::sqrt(2.0 * static_cast<double>(c.num_hidden_layers));
  input_layernorm = (scope / "input_layernorm")("weight", {d}, ones());
  const base::Scope attention = scope / "self_attn";
  q_proj = (attention / "q_proj")("weight", {q, d}, normal(0.02));
  k_proj = (attention / "k_proj")("weight", {kv, d}, normal(0.02));
  v_proj = (attention / "v_proj")("weight", {kv, d}, normal(0.02));
  o_proj = (attention / "o_proj")("weight", {d, q}, normal(into_residual));
  if (c.attention_bias || c.model_type == "qwen2") {
    q_bias = (attention / "q_proj")("bias", {q}, zeros());
    k_bias = (attention / "k_proj")("bias", {kv}, zeros());
    v_bias = (attention / "v_proj")("bias", {kv}, zeros());
    if (c.attention_bias) o_bias = (attention / "o_proj")("bias", {d}, zeros());
  }
  post_attention_layernorm = (scope / "post_attention_layernorm")("weight", {d}, ones());
  const base::Scope mlp = scope / "mlp";
  gate_proj = (mlp / "gate_proj")("weight", {c.intermediate_size, d}, normal(0.02));
  up_proj = (mlp / "up_proj")("weight", {c.intermediate_size, d}, normal(0.02));
  down_proj = (mlp / "down_proj")("weight", {d, c.intermediate_size}, normal(into_residual));
}

Transformer::Transformer(const base::Scope& scope, const LlamaConfig& config) : config_(config) {
  config.check();
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) layers_.emplace_back(scope / "layers" / i, config);
  norm_ = (scope / "norm")("weight", {config.hidden_size}, ones());

  const DecoderLayer& first = layers_.front();
  if (first.q_bias.defined() || first.o_bias.defined()) return;
  const base::TowerShape shape = {config.hidden_size, config.intermediate_size, config.num_hidden_layers,
                                  config.num_attention_heads, config.kv_heads(), config.head_size(), config.rms_norm_eps};
  std::vector<base::TowerLayer> layers;
  for (const DecoderLayer& w : layers_)
    layers.push_back({w.input_layernorm, w.q_proj, w.k_proj, w.v_proj, w.o_proj, w.post_attention_layernorm, w.gate_proj,
                      w.up_proj, w.down_proj});
  fused_ = std::make_shared<base::FusedTower>(shape, std::move(layers));
  shape_ = shape;
}

base::FusedTower* Transformer::fused() const {
  return fused_ && base::fused_tower_supports(shape_, layers_.front().q_proj) ? fused_.get() : nullptr;
}

Tensor Transformer::forward(const Tensor& input, const base::Rope& rope, bool causal, KvCache& cache,
                            const base::AttendedEdit& edit) const {
  const int64_t batch = input.size(0), tokens = input.size(1), hd = config_.head_size();
  const auto dtype = layers_.front().q_proj.scalar_type();
  if (fused()) {
    const base::TowerOutput out = fused_->forward({.hidden = input, .cosine = rope.cos, .sine = rope.sin,
        .causal = causal, .first_key = cache.start, .prefix = cache.contents(), .return_key_values = true, .edit = edit});
    cache.propose(out.key_values);
    return out.hidden;
  }
  const Tensor mask = base::attention_mask({cache.start, causal}, tokens, cache.length() + tokens, input.device());
  const bool is_causal = causal && tokens > 1 && !mask.defined();
  const auto heads = [&](const Tensor& x) { return x.view({batch, tokens, -1, hd}).transpose(1, 2); };

  Tensor x = input.to(at::kFloat);  // (batch, tokens, hidden)
  for (size_t i = 0; i < layers_.size(); ++i) {
    const DecoderLayer& w = layers_[i];
    const Tensor h = base::rms_norm(x, w.input_layernorm, config_.rms_norm_eps, dtype);
    const Tensor q = base::rotate(heads(base::linear(h, w.q_proj, w.q_bias)), rope);  // (batch, heads, tokens, head_dim)
    const Tensor k = base::rotate(heads(base::linear(h, w.k_proj, w.k_bias)), rope);  // (batch, kv_heads, tokens, head_dim)
    const Tensor v = heads(base::linear(h, w.v_proj, w.v_bias));
    const auto [keys, values] = cache.propose(static_cast<int64_t>(i), k, v);
    const Tensor a = base::attend(q, keys, values, mask, is_causal);  // (batch, tokens, heads * head_dim)
    for (int64_t sequence = 0; edit && sequence < batch; ++sequence) {
      Tensor attended = a[sequence];
      edit(static_cast<int64_t>(i), sequence, attended);
    }
    x = x + base::linear(a, w.o_proj, w.o_bias);
    const Tensor f = base::rms_norm(x, w.post_attention_layernorm, config_.rms_norm_eps, dtype);
    x = x + base::linear(base::swiglu(base::linear(f, w.gate_proj), base::linear(f, w.up_proj)), w.down_proj);
  }
  return x;
}

Tensor Transformer::norm(const Tensor& hidden) const {
  return base::rms_norm(hidden, norm_, config_.rms_norm_eps, layers_.front().q_proj.scalar_type());
}

TextModel::TextModel(const base::Scope& scope, const LlamaConfig& config)
    : embed_tokens_((scope / "model" / "embed_tokens")("weight", {config.vocab_size, config.hidden_size}, normal(0.02))),
      transformer_(scope / "model", config),
      lm_head_(config.tie_word_embeddings ? embed_tokens_
                                          : (scope / "lm_head")("weight", {config.vocab_size, config.hidden_size}, normal(0.02))) {}

TextModel TextModel::load(const std::filesystem::path& folder) {
  const LlamaConfig config = read_llama_config(folder / "config.json");
  const base::Weights weights(folder);
  base::Parameters parameters = base::Parameters::read(weights);
  return TextModel(parameters.root(), config);
}

Tensor TextModel::embed(const Tensor& ids) const { return at::embedding(embed_tokens_, ids).to(at::kFloat); }

Tensor TextModel::forward(const Tensor& ids, KvCache& cache) const {
  Tensor positions = at::arange(cache.length(), cache.length() + ids.size(1), ids.options()).unsqueeze(0);
  if (cache.start.defined()) positions = (positions - cache.start.to(ids.device()).unsqueeze(1)).clamp_min(0);
  const Tensor x = transformer_.forward(embed(ids), make_rope(config(), positions), /*causal=*/true, cache);
  cache.commit();
  return transformer_.norm(x);
}

Tensor TextModel::logits(const Tensor& hidden) const { return base::linear(hidden, lm_head_).to(at::kFloat); }

}  // namespace atelier::text
