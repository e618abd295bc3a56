#include "fusion/latents.h"

#include "base/error.h"

namespace atelier::fusion {

namespace {

constexpr double kSteps = 32;  // of one standard deviation

}  // namespace

std::string pack_latents(const Tensor& latents) {
  const Tensor bytes = (latents.to(at::kCPU) * kSteps).round().clamp(-128, 127).to(at::kChar).contiguous();
  return {reinterpret_cast<const char*>(bytes.const_data_ptr<int8_t>()), static_cast<size_t>(bytes.numel())};
}

Tensor unpack_latents(std::string_view bytes, const FusionConfig& config, std::string_view what) {
  const int64_t side = config.latent_size, count = config.latent_channels * side * side;
  CHECK_FILE(static_cast<int64_t>(bytes.size()) == count, what, "{} bytes of latents, but this model's have {}", bytes.size(), count);
  Tensor packed = at::empty({1, config.latent_channels, side, side}, at::kChar);
  std::copy(bytes.begin(), bytes.end(), packed.data_ptr<int8_t>());
  return packed.to(at::kFloat) / kSteps;
}

}  // namespace atelier::fusion
