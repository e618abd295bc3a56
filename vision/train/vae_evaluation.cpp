#include "base/error.h"
#include "vision/train/vae_trainer.h"

#include <algorithm>
#include <cmath>

namespace atelier::vision {
namespace {

constexpr int64_t kBatch = 16;
constexpr double kPerfect = 100;  // dB for a picture without any error, which would make every mean infinite

/// (rows, 3, side, side) on white
Tensor pixels_of(const PictureSet& pictures, const int64_t* rows, int64_t count) {
  const Tensor pixels = at::empty({count, 3, pictures.side(), pictures.side()}, at::kFloat);
  float* out = pixels.mutable_data_ptr<float>();
  const int64_t numbers = 3 * pictures.side() * pictures.side();
#pragma omp parallel for
  for (int64_t i = 0; i < count; ++i) plain(pictures.pixels(rows[i]), pictures.side(), out + i * numbers);
  return pixels.to(base::compute().device);
}

template <class Visit>
void for_batches(const std::vector<int64_t>& rows, const Visit& visit) {
  const auto count = static_cast<int64_t>(rows.size());
  for (int64_t i = 0; i < count; i += kBatch) visit(rows.data() + i, std::min(kBatch, count - i));
}

std::vector<Image> reconstruct(const Vae& vae, const PictureSet& pictures, const std::vector<int64_t>& rows) {
  const at::NoGradGuard no_grad;
  std::vector<Image> images;
  for_batches(rows, [&](const int64_t* batch, int64_t count) {
    const Tensor decoded = vae.decode(vae.encode(pixels_of(pictures, batch, count)).mean).cpu();
    for (int64_t i = 0; i < count; ++i) images.push_back(to_image(decoded[i]));
  });
  return images;
}

}  // namespace

VaeQuality evaluate_vae(const Vae& vae, const PictureSet& pictures, const std::vector<int64_t>& rows) {
  const std::vector<Image> images = reconstruct(vae, pictures, rows);
  VaeQuality quality;
  quality.pictures = static_cast<int64_t>(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Image original = pictures.image(rows[i]);
    quality.psnr += std::min(kPerfect, psnr(original, images[i])) / static_cast<double>(rows.size());
    quality.ssim += ssim(original, images[i]) / static_cast<double>(rows.size());
  }
  return quality;
}

Image reconstruction_sheet(const Vae& vae, const PictureSet& pictures, const std::vector<int64_t>& rows,
                           int64_t columns) {
  const std::vector<Image> images = reconstruct(vae, pictures, rows);
  std::vector<Image> pairs;
  for (size_t i = 0; i < rows.size(); ++i) {
    pairs.push_back(pictures.image(rows[i]));
    pairs.push_back(images[i]);
  }
  return grid(pairs, 2 * columns);
}

void export_vae(const VaeConfig& config, const base::NamedTensors& weights, const PictureSet& pictures, uint64_t seed,
                const std::filesystem::path& folder, int64_t samples) {
  std::filesystem::create_directories(folder);
  base::NamedTensors stored;
  for (const auto& [name, tensor] : weights) {
    stored.emplace_back(name, tensor.dim() >= 2 ? tensor.to(at::kBFloat16) : tensor.to(at::kFloat));
  }
  base::write_safetensors(folder / "model.safetensors", stored);
  VaeConfig measured = config;
  base::write_json(folder / "config.json", base::write_config(measured));
  if (!measured.latents_mean.empty()) return;

  // The statistics are those of the very weights that were written.
  const at::NoGradGuard no_grad;
  const Vae vae = Vae::load(folder);
  base::Random random(seed, base::mix(0x1a7e47));
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < samples; ++i) rows.push_back(pictures.draw(random));
  Tensor sum = at::zeros({config.latent_channels}, at::kDouble), squares = sum.clone();
  int64_t count = 0;
  for_batches(rows, [&](const int64_t* batch, int64_t n) {
    const Tensor mean = vae.encode(pixels_of(pictures, batch, n)).mean.cpu().to(at::kDouble);
    sum += mean.sum({0, 2, 3});
    squares += mean.square().sum({0, 2, 3});
    count += n * mean.size(2) * mean.size(3);
  });
  for (int64_t c = 0; c < config.latent_channels; ++c) {
    const double mean = sum[c].item<double>() / static_cast<double>(count);
    const double variance = squares[c].item<double>() / static_cast<double>(count) - mean * mean;
    measured.latents_mean.push_back(mean);
    // A channel that never changes (an untrained network) has nothing to scale.
    measured.latents_std.push_back(variance > 1e-12 ? std::sqrt(variance) : 1.0);
  }
  base::write_json(folder / "config.json", base::write_config(measured));
}

}  // namespace atelier::vision
