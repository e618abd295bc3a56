#pragma once
/// `atelier train vae`: the autoencoder from the corpus's pictures, and how good it is.
///
/// Loss: L1 + 0.5 |difference of gradients| + 0.5 L1 at a quarter of the size + 0.25 MSE + 3e-4 KL. Sharp edges on
/// flat colours need no perceptual or adversarial term. Every draw is keyed by the step, so a resumed run goes on as if
/// it had never stopped.
#include "base/optimizer.h"
#include "vision/train/augmentation.h"
#include "vision/train/picture_set.h"
#include "vision/vae.h"

#include <filesystem>

namespace atelier::vision {

/// All that decides what a run learns; a checkpoint belongs to one of these.
struct VaeTrainConfig {
  VaeConfig vae;
  AugmentationConfig augmentation;
  base::OptimizerConfig optimizer = default_optimizer();
  int64_t batch = 16;
  int64_t seed = 0;
  double gradient_weight = 0.5, quarter_weight = 0.5, square_weight = 0.25, kl_weight = 3e-4;

  static base::OptimizerConfig default_optimizer();

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::range;
    v("vae", vae, any());
    v("augmentation", augmentation, any());
    v("optimizer", optimizer, any());
    v("batch", batch, range(1, 4096));
    v("seed", seed, range(0, 9e15));
    v("gradient_weight", gradient_weight, range(0, 100));
    v("quarter_weight", quarter_weight, range(0, 100));
    v("square_weight", square_weight, range(0, 100));
    v("kl_weight", kl_weight, range(0, 100));
  }
};

struct VaeTrainOptions {
  std::filesystem::path pictures;       // PictureSet's file
  /// A component folder: a new run goes on from its decoder alone. Encoder and statistics stay, so that all weights
  /// that know its latents stay good. Empty: both are learnt, from scratch.
  std::filesystem::path from;
  std::filesystem::path run;            // TrainingRun's folder: checkpoint, metrics.jsonl, reconstructions.png
  std::filesystem::path export_folder;  // empty: none
  double minutes = 0;                   // 0: until optimizer.total_steps
  VaeTrainConfig config;
};

/// Trains, or goes on training, until total_steps, time or Ctrl-C; exports the averaged weights then, but after Ctrl-C.
/// A finished run only exports. @throws InvalidFile for broken pictures or the checkpoint of another config
void train_vae(const VaeTrainOptions& options);

struct VaeQuality {
  int64_t pictures = 0;
  double psnr = 0, ssim = 0;  // means over the pictures, each through the posterior's mean and 8-bit rounding
};

/// @param rows  of the set; a picture is laid over white
VaeQuality evaluate_vae(const Vae& vae, const PictureSet& pictures, const std::vector<int64_t>& rows);

/// Pairs of picture and reconstruction, `columns` pairs a row.
Image reconstruction_sheet(const Vae& vae, const PictureSet& pictures, const std::vector<int64_t>& rows,
                           int64_t columns = 4);

/// Writes a component folder: model.safetensors with matrices in bf16, config.json with latents_mean and latents_std:
/// the config's own, or if it has none those of `samples` training pictures drawn by weight. The folder is made if missing.
void export_vae(const VaeConfig& config, const base::NamedTensors& weights, const PictureSet& pictures, uint64_t seed,
                const std::filesystem::path& folder, int64_t samples = 4096);

}  // namespace atelier::vision
