#pragma once
/// Training of CLIP (Radford et al. 2021): every picture of a batch against every caption of it, both ways.
///
/// Two changes. Pictures of one concept are positives of each other's captions, as several artists drew the same thing:
/// the target is a distribution, not one index. And most steps see a random part of the patches only (FLIP, Li et al.
/// 2023), which halves the cost of a picture.
#include "base/training_run.h"
#include "retrieval/clip_model.h"
#include "retrieval/train/clip_pack.h"
#include "vision/train/augmentation.h"

#include <filesystem>
#include <vector>

namespace atelier::retrieval {

/// The shipped size: 128 x 128 pixels, 11.9 M parameters with our vocabulary of 8,192.
ClipConfig small_clip();

/// What identifies a run: saved with it, and compared when it resumes.
struct ClipTrainConfig {
  ClipConfig model = small_clip();
  vision::AugmentationConfig augmentation = default_augmentation();
  base::OptimizerConfig optimizer = default_optimizer();
  int64_t batch = 512;              // pictures that are told apart in a step
  int64_t pictures_at_once = 64;    // encoded in one pass
  bool recompute = false;           // encode twice instead of keeping a batch's activations: memory of one pass (GradCache)
  double own_share = 0.3;           // of the target for the very caption of a picture; the rest for all of its concept
  double patch_share = 0.5;         // patches that a picture is seen by, but for the last part of the run
  double full_share = 0.15;         // share of the steps, at the end, that see all patches
  int64_t seed = 0;

  static vision::AugmentationConfig default_augmentation();
  static base::OptimizerConfig default_optimizer();

  template <class Visitor>
  void visit(Visitor& v);
};

struct ClipTrainOptions {
  std::filesystem::path pack;
  std::filesystem::path text;           // folder with the pack's tokenizer.json; token embeddings start as those of the
                                        // text model there, if it has one of this width
  std::filesystem::path from;           // component folder whose weights a new run starts from; may be empty
  std::filesystem::path export_folder;  // written when training ends; may be empty
  base::RunOptions run;
  int64_t report_every = 20, validate_every = 250;  // steps
};

/// Pairs of a step, the shortest captions first, so that little of a pass is padding.
struct ClipBatch {
  Tensor pixels;            // (batch, 3, S, S) fp32 in [-1, 1]
  Tensor patches;           // (batch, kept) int64: which patches are seen; undefined: all
  std::vector<Tensor> ids;  // (up to 128, longest) int64 each, start to end token
  Tensor groups;            // (batch) int64: equal where pictures and captions may stand for each other
};

/// The batch of a step: a function of (seed, step) alone, so a resumed run sees what an unbroken one would.
ClipBatch make_clip_batch(const ClipPack& pack, const ClipTrainConfig& config, int64_t step);

/// Mean of the cross-entropies picture to caption and caption to picture.
/// @param pictures, texts (batch, dimensions) of length 1 @param scale () @param groups (batch) int64
/// @param own_share  of the target for a pair's own, the rest evenly over its group, itself included
/// @return () fp32, differentiable
Tensor contrastive_loss(const Tensor& pictures, const Tensor& texts, const Tensor& scale, const Tensor& groups, double own_share);

/// Adds the gradients of one batch. @return its loss
double accumulate_gradients(const ClipModel& model, const ClipTrainConfig& config, const ClipBatch& batch, base::Optimizer& optimizer);

/// How well pictures of a split are found and named. A found picture is right if it shows the concept.
struct ClipQuality {
  int64_t pictures = 0, names = 0;
  double text_to_picture_1 = 0, text_to_picture_10 = 0;  // share of captions with a right picture among the first 1, 10
  double picture_to_text_1 = 0, picture_to_text_10 = 0;  // share of pictures with a right caption
  double name_1 = 0, name_5 = 0;                         // share of pictures with the right one of all concept names
  base::json write() const;
};
/// @param limit  pictures at most
ClipQuality evaluate_clip(const ClipModel& model, const ClipPack& pack, ClipSplit split, int64_t limit);

/// The whole run. @throws InvalidArgument, InvalidFile for options and files that do not fit
void train_clip(const ClipTrainConfig& config, const ClipTrainOptions& options);

template <class Visitor>
void ClipTrainConfig::visit(Visitor& v) {
  using base::any, base::range;
  v("model", model, any());
  v("augmentation", augmentation, any());
  v("optimizer", optimizer, any());
  v("batch", batch, range(2, 65536));
  v("pictures_at_once", pictures_at_once, range(1, 65536));
  v("recompute", recompute, any());
  v("own_share", own_share, range(0, 1));
  v("patch_share", patch_share, range(0.05, 1));
  v("full_share", full_share, range(0, 1));
  v("seed", seed, range(0, 9e15));
}

}  // namespace atelier::retrieval
