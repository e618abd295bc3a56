#include "vision/vae.h"

#include "vision/vae_network.h"

#include <cmath>

namespace atelier::vision {
namespace {

using base::json;

// What the checks of single fields cannot say.
void check(const VaeConfig& config, const std::string& where) {
  CHECK_FILE(!config.block_out_channels.empty() && config.block_out_channels.size() <= 8, where,
             "block_out_channels must name 1 to 8 levels, not {}", config.block_out_channels.size());
  for (const int64_t channels : config.block_out_channels) {
    CHECK_FILE(channels % config.norm_num_groups == 0, where,
               "block_out_channels must be multiples of norm_num_groups ({}), but one is {}", config.norm_num_groups,
               channels);
  }
  CHECK_FILE(config.latents_mean.size() == config.latents_std.size(), where,
             "latents_mean and latents_std must come together, but have {} and {} numbers", config.latents_mean.size(),
             config.latents_std.size());
  CHECK_FILE(config.latents_mean.empty() || static_cast<int64_t>(config.latents_mean.size()) == config.latent_channels,
             where, "latents_mean must have {} numbers, one a latent channel, not {}", config.latent_channels,
             config.latents_mean.size());
}

// Diffusers writes null where we leave a field out, and has variants that we do not.
VaeConfig read_vae_config(const std::filesystem::path& path) {
  json document = base::read_json(path);
  CHECK_FILE(document.is_object(), path.string(), "a VAE config must be a JSON object");
  bool foreign = document.value("_class_name", json()) == "AutoencoderKL";
  if (foreign) {
    for (const auto& [key, value] : document.items()) {
      if (key == "down_block_types" || key == "up_block_types") {
        const std::string known = key == "down_block_types" ? "DownEncoderBlock2D" : "UpDecoderBlock2D";
        CHECK_FILE(value.is_array(), path.string(), "{} must be a list", key);
        for (const json& type : value) {
          CHECK_FILE(type == known, path.string(), "{} must all be {}, but one is {}", key, known,
                     base::dump_json(type));
        }
      }
      if (key == "act_fn") CHECK_FILE(value == "silu", path.string(), "act_fn must be silu");
      if (key == "mid_block_add_attention") {
        CHECK_FILE(value == true, path.string(), "mid_block_add_attention must be true");
      }
    }
    for (auto it = document.begin(); it != document.end();) it = it->is_null() ? document.erase(it) : std::next(it);
  }
  const auto config = base::read_config<VaeConfig>(
      document, path.string(), foreign ? base::UnknownFields::ignore : base::UnknownFields::refuse);
  check(config, path.string());
  return config;
}

// Pixels a latent stands for, a side.
int64_t factor(const VaeConfig& config) {
  const auto levels = static_cast<int64_t>(config.block_out_channels.size());
  return config._class_name == "AutoencoderKL" ? int64_t{1} << (levels - 1) : int64_t{1} << levels;
}

Tensor per_channel(const std::vector<double>& values, const Tensor& like) {
  return at::tensor(values, at::kDouble).to(like.options()).view({1, -1, 1, 1});
}

}  // namespace

struct Vae::Network {
  VaeConfig config;
  std::unique_ptr<VaeNetwork> network;
};

Vae::Vae(const base::Scope& scope, const VaeConfig& config) : network_(std::make_unique<Network>()) {
  check(config, "VAE config");
  network_->config = config;
  network_->network = config._class_name == "AutoencoderKL" ? make_autoencoder_kl(scope, config)
                                                            : make_space_to_depth_vae(scope, config);
}

Vae::~Vae() = default;
Vae::Vae(Vae&&) noexcept = default;

Vae Vae::load(const std::filesystem::path& folder) {
  const VaeConfig config = read_vae_config(folder / "config.json");
  const base::Weights weights(folder);
  base::Parameters parameters = base::Parameters::read(weights);
  return Vae(parameters.root(), config);
}

Posterior Vae::encode(const Tensor& pixels) const {
  const VaeConfig& config = network_->config;
  REQUIRE(pixels.dim() == 4 && pixels.size(1) == config.in_channels,
          "pixels for the VAE must have the shape (batch, {}, height, width)", config.in_channels);
  const int64_t multiple = factor(config);
  REQUIRE(pixels.size(2) >= multiple && pixels.size(2) % multiple == 0 && pixels.size(3) >= multiple &&
              pixels.size(3) % multiple == 0,
          "sides of a picture for the VAE must be multiples of {}, not {}x{}", multiple, pixels.size(3),
          pixels.size(2));
  const auto halves = network_->network->encode(pixels).to(at::kFloat).chunk(2, 1);
  // Diffusers' bounds: the variance stays a finite positive number whatever the network says.
  return {halves[0].contiguous(), halves[1].clamp(-30, 20).contiguous()};
}

Tensor Vae::decode(const Tensor& latents) const {
  REQUIRE(latents.dim() == 4 && latents.size(1) == network_->config.latent_channels,
          "latents for the VAE must have the shape (batch, {}, height, width)", network_->config.latent_channels);
  return network_->network->decode(latents).to(at::kFloat).contiguous();
}

Tensor Vae::normalise(const Tensor& latents) const {
  const VaeConfig& config = network_->config;
  if (config.latents_mean.empty()) return (latents - config.shift_factor) * config.scaling_factor;
  return (latents - per_channel(config.latents_mean, latents)) / per_channel(config.latents_std, latents);
}

Tensor Vae::denormalise(const Tensor& latents) const {
  const VaeConfig& config = network_->config;
  if (config.latents_mean.empty()) return latents / config.scaling_factor + config.shift_factor;
  return latents * per_channel(config.latents_std, latents) + per_channel(config.latents_mean, latents);
}

const VaeConfig& Vae::config() const { return network_->config; }

}  // namespace atelier::vision
