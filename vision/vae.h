#pragma once
/// The autoencoder that pictures go through before and after diffusion: 128x128 RGB <-> 16x16 latents of 8 channels.
///
/// Two architectures behind one class, chosen by `_class_name` in config.json: "AutoencoderKL" loads diffusers' folders
/// (Stable Diffusion's VAE) as they are; "SpaceToDepthVae" is ours: pixel unshuffle 2, residual blocks of GroupNorm +
/// SiLU + 3x3 convolution at 64, 128, 192 channels, strides between, mirrored by pixel shuffles on the way back.
#include "base/config.h"
#include "base/parameters.h"

#include <memory>
#include <string>
#include <vector>

namespace atelier::vision {

struct VaeConfig {
  std::string _class_name = "SpaceToDepthVae";
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  int64_t latent_channels = 8;
  std::vector<int64_t> block_out_channels = {64, 128, 192};
  int64_t layers_per_block = 2;
  int64_t norm_num_groups = 32;
  int64_t sample_size = 128;
  bool use_quant_conv = true, use_post_quant_conv = true;   // AutoencoderKL only
  double scaling_factor = 1.0, shift_factor = 0.0;           // diffusion sees (latent - shift) * scaling
  /// Per channel, over the training pictures; if set, diffusion sees (latent - mean) / std instead.
  std::vector<double> latents_mean, latents_std;

  template <class Visitor>
  void visit(Visitor& v);
};

struct Posterior {
  Tensor mean, logvar;  // (batch, latent_channels, height / 8, width / 8)
};

class Vae {
 public:
  Vae(const base::Scope& scope, const VaeConfig& config);
  ~Vae();
  Vae(Vae&&) noexcept;
  /// A component folder: config.json and weights. @throws InvalidFile
  static Vae load(const std::filesystem::path& folder);

  /// @param pixels  (batch, 3, height, width) in [-1, 1], sides divisible by 8
  Posterior encode(const Tensor& pixels) const;
  /// @param latents (batch, latent_channels, h, w), not normalised @return (batch, 3, 8h, 8w), about [-1, 1]
  Tensor decode(const Tensor& latents) const;

  /// Between the VAE's own latents and what diffusion works on (zero mean, unit variance a channel).
  Tensor normalise(const Tensor& latents) const;
  Tensor denormalise(const Tensor& latents) const;

  const VaeConfig& config() const;

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

template <class Visitor>
void VaeConfig::visit(Visitor& v) {
  using base::any, base::range, base::positive, base::one_of;
  v("_class_name", _class_name, one_of({"SpaceToDepthVae", "AutoencoderKL"}));
  v("in_channels", in_channels, range(1, 16));
  v("out_channels", out_channels, range(1, 16));
  v("latent_channels", latent_channels, range(1, 64));
  v("block_out_channels", block_out_channels, range(1, 4096));
  v("layers_per_block", layers_per_block, range(1, 16));
  v("norm_num_groups", norm_num_groups, range(1, 256));
  v("sample_size", sample_size, range(8, 4096));
  v("use_quant_conv", use_quant_conv, any());
  v("use_post_quant_conv", use_post_quant_conv, any());
  v("scaling_factor", scaling_factor, positive());
  v("shift_factor", shift_factor, any());
  v("latents_mean", latents_mean, any());
  v("latents_std", latents_std, positive());
}

}  // namespace atelier::vision
