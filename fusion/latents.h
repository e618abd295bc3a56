#pragma once
/// Latents as bytes, so that a memory can keep what its pictures are to the generator.
#include "base/tensor.h"
#include "fusion/model.h"

#include <string>
#include <string_view>

namespace atelier::fusion {

/// A byte a number, in steps of 1/32 from -4 to 4: the autoencoder cannot tell the difference.
/// @param latents (1, C, S, S) fp32, normalised
std::string pack_latents(const Tensor& latents);

/// @return (1, C, S, S) fp32 on the CPU
/// @throws InvalidFile naming `what` if they are not as many as this model's latents have
Tensor unpack_latents(std::string_view bytes, const FusionConfig& config, std::string_view what);

}  // namespace atelier::fusion
