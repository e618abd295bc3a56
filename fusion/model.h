#pragma once
/// LMFusion: a frozen text tower and a trained image tower, with every weight of their own, that meet in one shared
/// self-attention. (LMFusion, section 3; the mask, the loop and the losses are Transfusion's.)
///
/// A sequence is a list of segments: text (with the <boi> that opens a picture at its end) or one picture of 64
/// patches. Segments run in order, each through its own tower, over one key-value cache (text/transformer.h): text sees
/// what is before it, a patch sees what is before its picture and all of its picture, nothing sees what comes later.
/// Where the config asks for them, text has cross-attention blocks beside, to read pictures by (fusion/cross_attention.h).
#include "fusion/cross_attention.h"
#include "fusion/patcher.h"
#include "fusion/schedule.h"
#include "text/transformer.h"

#include <memory>
#include <string>

namespace atelier::fusion {

struct FusionConfig {
  std::string prediction = "flow";  // epsilon | v | flow
  int64_t latent_channels = 8;
  int64_t latent_size = 16;         // side of the latents: 128 pixels / 8
  int64_t patcher_channels = 128;
  double sampling_shift = 1;        // NoiseSchedule::levels
  int64_t cross_attention_layers = 0;  // blocks through which text reads pictures directly (fusion/cross_attention.h)
  std::vector<std::string> styles;  // names that captions of the training data used

  template <class Visitor>
  void visit(Visitor& v);
};

/// A batch of sequences so far: what the next segment attends to.
struct Context {
  text::KvCache cache;
  Tensor next;     // (batch) int64: position of the next token
  // The latest text segment, for the direct path from words to the time embedding.
  Tensor caption;  // (batch, 2 * hidden) fp32: mean and last of the text tower's states
  Tensor words;    // (batch, tokens) int64
  Tensor share;    // (batch, tokens, 1) fp32: 1 / tokens of the sequence, 0 for padding
  // What the text to come reads directly: CrossAttention::see of the pictures so far; undefined: nothing.
  Tensor seen;

  int64_t batch() const { return next.size(0); }
};

class FusionModel {
 public:
  /// Image modules under `scope`: image_tower.…, unet_down.…, unet_up.…, time.…, caption.…,
  /// cross_attention.…, words, position.
  /// @param text  frozen; shared with whoever else uses it
  FusionModel(const base::Scope& scope, const FusionConfig& config, std::shared_ptr<const text::TextModel> text);
  /// A folder with config.json and weights. @throws InvalidFile
  static FusionModel load(const std::filesystem::path& folder, std::shared_ptr<const text::TextModel> text);

  /// An empty context.
  Context begin(int64_t batch) const;

  /// Runs a text segment through the text tower and leaves it in the context.
  /// @param ids (batch, tokens) int64
  /// @param lengths (batch) int64 on the CPU: the tokens of each sequence, padding behind them; undefined: all of `ids`
  /// @return for the text model's head, (batch, tokens, hidden): bit for bit the text model's own after its final norm
  ///   where the context holds no picture
  Tensor append_text(Context& context, const Tensor& ids, const Tensor& lengths = {}) const;

  /// What the network answers to a noisy picture behind the context (which stays as it is).
  /// @param x_t (batch, latent_channels, latent_size, latent_size) fp32 @param time (batch) fp32 in [0, 1000]
  /// @param edit  of the image tokens inside the tower (fusion/negtome.h); inference only
  /// @return the prediction, of x_t's shape, fp32
  Tensor predict(Context& context, const Tensor& x_t, const Tensor& time, const base::AttendedEdit& edit = {}) const;

  /// The same, and the picture stays in the context as it is now (training with the picture first).
  Tensor predict_and_keep(Context& context, const Tensor& x_t, const Tensor& time) const;

  /// Leaves a finished picture in the context: encoded clean, at t = 0. @param latents (batch, C, S, S) fp32
  void append_picture(Context& context, const Tensor& latents) const;
  /// The same for a retrieved document's picture: what is said later is not about it, and does not read it directly.
  void append_document(Context& context, const Tensor& latents) const;

  int64_t patches() const { return config_.latent_size * config_.latent_size / 4; }
  const FusionConfig& config() const { return config_; }
  const NoiseSchedule& schedule() const { return schedule_; }
  const text::TextModel& text() const { return *text_; }
  const text::Transformer& image_tower() const { return tower_; }
  /// Where the weights are, and what the model is given must be.
  at::Device device() const { return tower_.layers().front().q_proj.device(); }

 private:
  /// Time (sinusoids, MLP) plus caption (its states and its bag of words, MLP), as one vector a picture.
  /// @return (batch, hidden) compute dtype
  Tensor condition(const Tensor& time, const Context& context) const;
  struct Encoded {
    Tensor hidden, skip, condition;  // (batch, patches, hidden) after the final norm; for the way up
  };
  /// From the noisy picture to the end of the image tower. Proposes the picture's keys and values to the cache.
  Encoded encode(Context& context, const Tensor& x_t, const Tensor& time, const base::AttendedEdit& edit = {}) const;
  void keep_picture(Context& context) const;
  void see_picture(Context& context) const;

  struct Mlp {
    Tensor in, in_bias, out, out_bias;
    Mlp(const base::Scope& scope, int64_t in_size, int64_t size);
    Tensor forward(const Tensor& x) const;
  };

  FusionConfig config_;
  NoiseSchedule schedule_;
  std::shared_ptr<const text::TextModel> text_;
  text::Transformer tower_;
  UNetDown down_;
  UNetUp up_;
  Mlp time_, caption_;
  CrossAttention cross_attention_;
  Tensor words_;                          // (vocab, hidden): what the image side itself learns of each token, since
                                          // the text tower's states are frozen
  Tensor position_;                       // (patches, hidden): where on the picture a patch is
  Tensor token_condition_, token_bias_;   // hidden -> hidden: the condition in every patch
  Tensor head_condition_, head_bias_;     // hidden -> 2 hidden: scale and shift before the up path (adaLN, DiT)
};

/// LMFusion's initialisation: every matrix and norm of the image tower becomes a copy of the text tower's.
/// @param parameters  of a fresh FusionModel @param text  fp32 or bf16 weights of the text model
void copy_text_tower(base::Parameters& parameters, const base::Weights& text);

template <class Visitor>
void FusionConfig::visit(Visitor& v) {
  using base::any, base::range, base::positive, base::one_of;
  v("prediction", prediction, one_of({"epsilon", "v", "flow"}));
  v("latent_channels", latent_channels, range(1, 64));
  v("latent_size", latent_size, range(2, 512));
  v("patcher_channels", patcher_channels, range(32, 4096));
  v("sampling_shift", sampling_shift, positive());
  v("cross_attention_layers", cross_attention_layers, range(0, 64));
  v("styles", styles, any());
}

}  // namespace atelier::fusion
