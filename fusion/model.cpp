#include "fusion/model.h"

#include "base/error.h"

#include <cmath>

namespace atelier::fusion {

using base::normal, base::zeros;

namespace {

constexpr int64_t kTimeFeatures = 256;

PatcherConfig patcher_config(const FusionConfig& c, const text::TextModel& text) {
  return {c.latent_channels, c.patcher_channels, text.config().hidden_size};
}

CrossAttentionConfig cross_attention_config(const FusionConfig& c, const text::LlamaConfig& tower) {
  return {c.cross_attention_layers, tower.num_hidden_layers, tower.kv_heads() * tower.head_size(), c.latent_size * c.latent_size / 4,
          tower.hidden_size, tower.num_attention_heads};
}

// Sinusoids of the time, as in DDPM. @param time (batch) in [0, 1000] @return (batch, kTimeFeatures) fp32
Tensor time_features(const Tensor& time) {
  const int64_t half = kTimeFeatures / 2;
  const Tensor frequency = at::exp(at::arange(half, time.options().dtype(at::kFloat)) * (-std::log(10000.0) / half));
  const Tensor angle = time.to(at::kFloat).unsqueeze(1) * frequency;
  return at::cat({angle.cos(), angle.sin()}, 1);
}

// Rotary positions of a picture that starts at `next`: even pairs turn with the patch's row, odd pairs with its column,
// so that the tower sees two dimensions, while text (row = column = position) stays as the frozen tower knows it.
base::Rope picture_rope(const text::LlamaConfig& config, const Tensor& next, int64_t side) {
  const Tensor raster = at::arange(side * side, next.options());
  const Tensor row = next.unsqueeze(1) + raster.div(side, "floor"), column = next.unsqueeze(1) + raster.remainder(side);
  const base::Rope rows = text::make_rope(config, row), columns = text::make_rope(config, column);
  const Tensor even = at::arange(config.head_size() / 2, next.options()).remainder(2).eq(0);
  return {at::where(even, rows.cos, columns.cos), at::where(even, rows.sin, columns.sin)};
}

}  // namespace

FusionModel::Mlp::Mlp(const base::Scope& scope, int64_t in_size, int64_t size)
    : in((scope / "in")("weight", {size, in_size}, normal(1 / std::sqrt(static_cast<double>(in_size))))),
      in_bias((scope / "in")("bias", {size}, zeros())),
      out((scope / "out")("weight", {size, size}, normal(1 / std::sqrt(static_cast<double>(size))))),
      out_bias((scope / "out")("bias", {size}, zeros())) {}

Tensor FusionModel::Mlp::forward(const Tensor& x) const {
  return base::linear(at::silu(base::linear(x.to(in.scalar_type()), in, in_bias)), out, out_bias);
}

FusionModel::FusionModel(const base::Scope& scope, const FusionConfig& config, std::shared_ptr<const text::TextModel> text)
    : config_(config),
      schedule_(prediction_named(config.prediction)),
      text_(std::move(text)),
      tower_(scope / "image_tower", text_->config()),
      down_(scope / "unet_down", patcher_config(config, *text_)),
      up_(scope / "unet_up", patcher_config(config, *text_)),
      time_(scope / "time", kTimeFeatures, text_->config().hidden_size),
      caption_(scope / "caption", 3 * text_->config().hidden_size, text_->config().hidden_size),
      cross_attention_(scope / "cross_attention", cross_attention_config(config, text_->config())),
      words_((scope / "words")("weight", {text_->config().vocab_size, text_->config().hidden_size}, normal(0.5))),
      position_(scope("position", {patches(), text_->config().hidden_size}, normal(0.02))),
      token_condition_((scope / "token_condition")("weight", {text_->config().hidden_size, text_->config().hidden_size}, normal(0.02))),
      token_bias_((scope / "token_condition")("bias", {text_->config().hidden_size}, zeros())),
      // Zero: the head starts as the plain norm (adaLN-zero).
      head_condition_((scope / "head_condition")("weight", {2 * text_->config().hidden_size, text_->config().hidden_size}, zeros())),
      head_bias_((scope / "head_condition")("bias", {2 * text_->config().hidden_size}, zeros())) {
  REQUIRE(config.latent_size % 2 == 0, "latent_size must be even, not {}", config.latent_size);
  REQUIRE(config.patcher_channels % 32 == 0, "patcher_channels must be a multiple of 32, not {}", config.patcher_channels);
}

FusionModel FusionModel::load(const std::filesystem::path& folder, std::shared_ptr<const text::TextModel> text) {
  const auto config = base::read_config<FusionConfig>(folder / "config.json");
  const base::Weights weights(folder);
  base::Parameters parameters = base::Parameters::read(weights);
  return FusionModel(parameters.root(), config, std::move(text));
}

Context FusionModel::begin(int64_t batch) const {
  Context context;
  context.next = at::zeros({batch}, at::TensorOptions().device(text_->transformer().layers().front().q_proj.device()).dtype(at::kLong));
  return context;
}

Tensor FusionModel::append_text(Context& context, const Tensor& ids, const Tensor& lengths) const {
  const text::Transformer& tower = text_->transformer();
  const int64_t tokens = ids.size(1);
  const Tensor token = at::arange(tokens, context.next.options());
  // One table serves a batch whose sequences stand at the same position; so a lone text segment takes the very
  // operations of the text model.
  const bool uniform = !context.cache.start.defined();
  const Tensor first = uniform ? context.next.narrow(0, 0, 1) : context.next;
  const Tensor x = tower.forward(text_->embed(ids), text::make_rope(tower.config(), first.unsqueeze(1) + token), /*causal=*/true, context.cache);
  const Tensor h = tower.norm(x);  // (batch, tokens, hidden)
  if (lengths.defined())
    context.cache.commit(tokens - lengths);
  else
    context.cache.commit();
  const Tensor count = lengths.defined() ? lengths.to(context.next.device()) : at::full_like(context.next, tokens);
  context.next = context.next + count;
  const Tensor n = count.unsqueeze(1);  // (batch, 1)
  const Tensor f = h.to(at::kFloat), last = token.eq(n - 1).unsqueeze(-1).to(at::kFloat);
  context.words = ids;
  context.share = (token.lt(n) / n.to(at::kFloat)).unsqueeze(-1);
  context.caption = at::cat({(f * context.share).sum(1), (f * last).sum(1)}, 1);
  return context.seen.defined() ? cross_attention_.read(h, context.seen) : h;
}

Tensor FusionModel::condition(const Tensor& time, const Context& context) const {
  // sqrt: a sum of n independent vectors over sqrt(n) is as long as one of them, however long the caption.
  const Tensor words = (at::embedding(words_, context.words).to(at::kFloat) * context.share.sqrt()).sum(1);  // (batch, hidden)
  return at::silu(time_.forward(time_features(time)) + caption_.forward(at::cat({context.caption, words}, 1)));
}

FusionModel::Encoded FusionModel::encode(Context& context, const Tensor& x_t, const Tensor& time, const base::AttendedEdit& edit) const {
  ASSERT(context.caption.defined());
  const auto dtype = token_condition_.scalar_type();
  const Tensor c = condition(time, context);                                          // (batch, hidden)
  const auto [patches, skip] = down_.forward(x_t.to(dtype), c);                       // (batch, patches, hidden)
  const Tensor x = patches + position_.to(dtype) + base::linear(c, token_condition_, token_bias_).unsqueeze(1);
  const base::Rope rope = picture_rope(tower_.config(), context.next, config_.latent_size / 2);
  return {tower_.norm(tower_.forward(x, rope, /*causal=*/false, context.cache, edit)), skip, c};
}

Tensor FusionModel::predict(Context& context, const Tensor& x_t, const Tensor& time, const base::AttendedEdit& edit) const {
  const auto [h, skip, c] = encode(context, x_t, time, edit);
  const auto modulation = base::linear(c, head_condition_, head_bias_).unsqueeze(1).chunk(2, -1);
  return up_.forward(h * (1 + modulation[0]) + modulation[1], skip, c);
}

void FusionModel::keep_picture(Context& context) const {
  context.cache.commit();
  context.next = context.next + config_.latent_size / 2;  // the next token stands behind the last row and column
}

void FusionModel::see_picture(Context& context) const {
  const Tensor seen = cross_attention_.see(context.cache.contents().values.narrow(3, context.cache.length() - patches(), patches()));
  context.seen = context.seen.defined() ? at::cat({context.seen, seen}, 3) : seen;
}

Tensor FusionModel::predict_and_keep(Context& context, const Tensor& x_t, const Tensor& time) const {
  const Tensor prediction = predict(context, x_t, time);
  keep_picture(context);
  see_picture(context);
  return prediction;
}

void FusionModel::append_document(Context& context, const Tensor& latents) const {
  encode(context, latents, at::zeros({latents.size(0)}, latents.options().dtype(at::kFloat)));
  keep_picture(context);
}

void FusionModel::append_picture(Context& context, const Tensor& latents) const {
  append_document(context, latents);
  see_picture(context);
}

void copy_text_tower(base::Parameters& parameters, const base::Weights& text) {
  const at::NoGradGuard no_gradient;
  const std::string prefix = "image_tower.";
  for (const auto& [name, tensor] : parameters.all())
    if (name.starts_with(prefix)) {
      Tensor target = tensor;
      target.copy_(text.read("model." + name.substr(prefix.size())));
    }
}

}  // namespace atelier::fusion
