#include "vision/group_norm_silu.h"
#include "vision/layers.h"
#include "vision/vae_network.h"

namespace atelier::vision {
namespace {

constexpr int64_t kPatch = 2;  // pixels a side that the first step folds into channels

// Both work on the channels_last storage, (batch, height, width, channels), with one copy: channels are ordered
// (row, column, channel) inside a patch, not as at::pixel_shuffle has them.
Tensor space_to_depth(const Tensor& x) {
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2) / kPatch, w = x.size(3) / kPatch;
  return x.permute({0, 2, 3, 1})
      .reshape({n, h, kPatch, w, kPatch, c})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({n, h, w, kPatch * kPatch * c})
      .permute({0, 3, 1, 2});  // (n, 4c, h, w), channels_last
}

Tensor depth_to_space(const Tensor& x) {
  const int64_t n = x.size(0), c = x.size(1) / (kPatch * kPatch), h = x.size(2), w = x.size(3);
  return x.permute({0, 2, 3, 1})
      .reshape({n, h, w, kPatch, kPatch, c})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({n, h * kPatch, w * kPatch, c})
      .permute({0, 3, 1, 2});  // (n, c / 4, 2h, 2w), channels_last
}

std::vector<ResidualBlock> blocks(const base::Scope& scope, int64_t channels, const VaeConfig& config) {
  std::vector<ResidualBlock> result;
  for (int64_t i = 0; i < config.layers_per_block; ++i) {
    result.emplace_back(scope / "resnets" / i, channels, channels, config.norm_num_groups);
  }
  return result;
}

Tensor through(const std::vector<ResidualBlock>& blocks, Tensor x) {
  for (const ResidualBlock& block : blocks) x = block(x);
  return x;
}

class Encoder {
 public:
  Encoder(const base::Scope& scope, const VaeConfig& config)
      : conv_in_(scope / "conv_in", kPatch * kPatch * config.in_channels, config.block_out_channels.front(), 3),
        norm_out_(scope / "conv_norm_out", config.block_out_channels.back(), config.norm_num_groups),
        conv_out_(scope / "conv_out", config.block_out_channels.back(), 2 * config.latent_channels, 3) {
    const auto& channels = config.block_out_channels;
    for (size_t level = 0; level < channels.size(); ++level) {
      const base::Scope here = scope / "down_blocks" / static_cast<int64_t>(level);
      levels_.push_back(blocks(here, channels[level], config));
      if (level + 1 < channels.size()) {
        down_.emplace_back(here / "downsampler", channels[level], channels[level + 1], 3, 1, 2);
      }
    }
  }

  Tensor operator()(const Tensor& pixels) const {
    const Tensor patches = space_to_depth(pixels.to(conv_in_.dtype()).contiguous(kChannelsLast));
    Tensor x = conv_in_(patches);  // (batch, 64, height / 2, width / 2)
    for (size_t level = 0; level < levels_.size(); ++level) {
      x = through(levels_[level], x);
      if (level < down_.size()) x = down_[level](x);
    }
    return conv_out_(norm_out_.silu(x));  // (batch, 2 * latent_channels, height / 8, width / 8)
  }

 private:
  Convolution conv_in_;
  std::vector<std::vector<ResidualBlock>> levels_;
  std::vector<Convolution> down_;
  Norm norm_out_;
  Convolution conv_out_;
};

class Decoder {
 public:
  Decoder(const base::Scope& scope, const VaeConfig& config)
      : conv_in_(scope / "conv_in", config.latent_channels, config.block_out_channels.back(), 3),
        norm_out_(scope / "conv_norm_out", config.block_out_channels.front(), config.norm_num_groups),
        conv_out_(scope / "conv_out", config.block_out_channels.front(), kPatch * kPatch * config.out_channels, 3) {
    const auto& channels = config.block_out_channels;
    for (size_t i = 0; i < channels.size(); ++i) {
      const size_t level = channels.size() - 1 - i;
      const base::Scope here = scope / "up_blocks" / static_cast<int64_t>(i);
      levels_.push_back(blocks(here, channels[level], config));
      if (level > 0) {
        // 1x1: the residual blocks on both sides look at the neighbourhood.
        up_.emplace_back(here / "upsampler", channels[level], kPatch * kPatch * channels[level - 1], 1);
      }
    }
  }

  Tensor operator()(const Tensor& latents) const {
    Tensor x = conv_in_(latents.to(conv_in_.dtype()).contiguous(kChannelsLast));
    for (size_t i = 0; i < levels_.size(); ++i) {
      x = through(levels_[i], x);
      if (i < up_.size()) x = depth_to_space(up_[i](x));
    }
    return depth_to_space(conv_out_(norm_out_.silu(x)));  // (batch, 3, 8h, 8w)
  }

 private:
  Convolution conv_in_;
  std::vector<std::vector<ResidualBlock>> levels_;
  std::vector<Convolution> up_;
  Norm norm_out_;
  Convolution conv_out_;
};

class SpaceToDepthVae : public VaeNetwork {
 public:
  SpaceToDepthVae(const base::Scope& scope, const VaeConfig& config)
      : encoder_(scope / "encoder", config), decoder_(scope / "decoder", config) {}
  Tensor encode(const Tensor& pixels) const override { return encoder_(pixels); }
  Tensor decode(const Tensor& latents) const override { return decoder_(latents); }

 private:
  Encoder encoder_;
  Decoder decoder_;
};

}  // namespace

std::unique_ptr<VaeNetwork> make_space_to_depth_vae(const base::Scope& scope, const VaeConfig& config) {
  return std::make_unique<SpaceToDepthVae>(scope, config);
}

}  // namespace atelier::vision
