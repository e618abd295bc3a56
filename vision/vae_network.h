#pragma once
/// The two architectures behind vision::Vae. Both compute in the dtype of their weights.
#include "vision/vae.h"

namespace atelier::vision {

class VaeNetwork {
 public:
  virtual ~VaeNetwork() = default;
  /// @param pixels (batch, 3, height, width) @return (batch, 2 * latent_channels, h, w): mean, then log variance
  virtual Tensor encode(const Tensor& pixels) const = 0;
  virtual Tensor decode(const Tensor& latents) const = 0;
};

std::unique_ptr<VaeNetwork> make_space_to_depth_vae(const base::Scope& scope, const VaeConfig& config);
std::unique_ptr<VaeNetwork> make_autoencoder_kl(const base::Scope& scope, const VaeConfig& config);

}  // namespace atelier::vision
