// Diffusers' AutoencoderKL (the autoencoder of latent diffusion, Rombach et al. 2022): its names, its arithmetic.
#include "vision/group_norm_silu.h"
#include "vision/layers.h"
#include "vision/vae_network.h"

#include <cmath>

namespace atelier::vision {
namespace {

class Linear {
 public:
  Linear(const base::Scope& scope, int64_t size)
      : weight_(scope("weight", {size, size}, base::normal(1 / std::sqrt(static_cast<double>(size))))),
        bias_(scope("bias", {size}, base::zeros())) {}
  Tensor operator()(const Tensor& x) const { return at::linear(x, weight_, bias_.to(x.scalar_type())); }

 private:
  Tensor weight_, bias_;
};

// One head over all pixels. Folders written before diffusers 0.18 call the four matrices by older names.
class Attention {
 public:
  Attention(const base::Scope& scope, int64_t channels, int64_t groups)
      : norm_(scope / "group_norm", channels, groups),
        query_(scope / (current(scope) ? "to_q" : "query"), channels),
        key_(scope / (current(scope) ? "to_k" : "key"), channels),
        value_(scope / (current(scope) ? "to_v" : "value"), channels),
        output_(current(scope) ? scope / "to_out" / 0 : scope / "proj_attn", channels) {}

  Tensor operator()(const Tensor& x) const {
    const Tensor h = norm_(x).flatten(2).transpose(1, 2);  // (batch, pixels, channels)
    const Tensor mixed = at::scaled_dot_product_attention(query_(h).unsqueeze(1), key_(h).unsqueeze(1),
                                                          value_(h).unsqueeze(1));  // one head
    return x + output_(mixed.squeeze(1)).transpose(1, 2).reshape(x.sizes());
  }

 private:
  static bool current(const base::Scope& scope) { return scope.available("to_q.weight"); }
  Norm norm_;
  Linear query_, key_, value_, output_;
};

class MidBlock {
 public:
  MidBlock(const base::Scope& scope, int64_t channels, int64_t groups)
      : first_(scope / "resnets" / 0, channels, channels, groups),
        attention_(scope / "attentions" / 0, channels, groups),
        second_(scope / "resnets" / 1, channels, channels, groups) {}
  Tensor operator()(const Tensor& x) const { return second_(attention_(first_(x))); }

 private:
  ResidualBlock first_;
  Attention attention_;
  ResidualBlock second_;
};

// Residual blocks at one resolution and the convolution that leaves it, if one does.
struct Level {
  std::vector<ResidualBlock> resnets;
  std::vector<Convolution> resampler;

  Level(const base::Scope& scope, int64_t in, int64_t out, int64_t layers, int64_t groups) {
    for (int64_t i = 0; i < layers; ++i) resnets.emplace_back(scope / "resnets" / i, i == 0 ? in : out, out, groups);
  }
  Tensor operator()(Tensor x) const {
    for (const ResidualBlock& resnet : resnets) x = resnet(x);
    return x;
  }
};

class Encoder {
 public:
  Encoder(const base::Scope& scope, const VaeConfig& config)
      : conv_in_(scope / "conv_in", config.in_channels, config.block_out_channels.front(), 3),
        mid_block_(scope / "mid_block", config.block_out_channels.back(), config.norm_num_groups),
        norm_out_(scope / "conv_norm_out", config.block_out_channels.back(), config.norm_num_groups),
        conv_out_(scope / "conv_out", config.block_out_channels.back(), 2 * config.latent_channels, 3) {
    int64_t in = config.block_out_channels.front();
    for (size_t i = 0; i < config.block_out_channels.size(); ++i) {
      const base::Scope here = scope / "down_blocks" / static_cast<int64_t>(i);
      const int64_t out = config.block_out_channels[i];
      levels_.emplace_back(here, in, out, config.layers_per_block, config.norm_num_groups);
      if (i + 1 < config.block_out_channels.size()) {
        levels_.back().resampler.emplace_back(here / "downsamplers" / 0 / "conv", out, out, 3, 1, 2);
      }
      in = out;
    }
  }

  Tensor operator()(const Tensor& pixels) const {
    Tensor x = conv_in_(pixels.to(conv_in_.dtype()).contiguous(kChannelsLast));
    for (const Level& level : levels_) {
      x = level(x);
      // One row and column of zeros at the far side only.
      for (const Convolution& down : level.resampler) x = down.valid(at::constant_pad_nd(x, {0, 1, 0, 1}));
    }
    return conv_out_(norm_out_.silu(mid_block_(x)));
  }

 private:
  Convolution conv_in_;
  std::vector<Level> levels_;
  MidBlock mid_block_;
  Norm norm_out_;
  Convolution conv_out_;
};

class Decoder {
 public:
  Decoder(const base::Scope& scope, const VaeConfig& config)
      : conv_in_(scope / "conv_in", config.latent_channels, config.block_out_channels.back(), 3),
        mid_block_(scope / "mid_block", config.block_out_channels.back(), config.norm_num_groups),
        norm_out_(scope / "conv_norm_out", config.block_out_channels.front(), config.norm_num_groups),
        conv_out_(scope / "conv_out", config.block_out_channels.front(), config.out_channels, 3) {
    const std::vector<int64_t> channels(config.block_out_channels.rbegin(), config.block_out_channels.rend());
    for (size_t i = 0; i < channels.size(); ++i) {
      const base::Scope here = scope / "up_blocks" / static_cast<int64_t>(i);
      levels_.emplace_back(here, channels[i == 0 ? 0 : i - 1], channels[i], config.layers_per_block + 1,
                           config.norm_num_groups);
      if (i + 1 < channels.size()) {
        levels_.back().resampler.emplace_back(here / "upsamplers" / 0 / "conv", channels[i], channels[i], 3);
      }
    }
  }

  Tensor operator()(const Tensor& latents) const {
    Tensor x = mid_block_(conv_in_(latents.to(conv_in_.dtype()).contiguous(kChannelsLast)));
    for (const Level& level : levels_) {
      x = level(x);
      for (const Convolution& up : level.resampler) {
        x = up(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}));
      }
    }
    return conv_out_(norm_out_.silu(x));
  }

 private:
  Convolution conv_in_;
  MidBlock mid_block_;
  std::vector<Level> levels_;
  Norm norm_out_;
  Convolution conv_out_;
};

class AutoencoderKl : public VaeNetwork {
 public:
  AutoencoderKl(const base::Scope& scope, const VaeConfig& config)
      : encoder_(scope / "encoder", config), decoder_(scope / "decoder", config) {
    const int64_t latent = config.latent_channels;
    if (config.use_quant_conv) quant_.emplace_back(scope / "quant_conv", 2 * latent, 2 * latent, 1);
    if (config.use_post_quant_conv) post_quant_.emplace_back(scope / "post_quant_conv", latent, latent, 1);
  }

  Tensor encode(const Tensor& pixels) const override {
    const Tensor moments = encoder_(pixels);
    return quant_.empty() ? moments : quant_[0](moments);
  }

  Tensor decode(const Tensor& latents) const override {
    if (post_quant_.empty()) return decoder_(latents);
    return decoder_(post_quant_[0](latents.to(post_quant_[0].dtype()).contiguous(kChannelsLast)));
  }

 private:
  Encoder encoder_;
  Decoder decoder_;
  std::vector<Convolution> quant_, post_quant_;  // none or one
};

}  // namespace

std::unique_ptr<VaeNetwork> make_autoencoder_kl(const base::Scope& scope, const VaeConfig& config) {
  return std::make_unique<AutoencoderKl>(scope, config);
}

}  // namespace atelier::vision
