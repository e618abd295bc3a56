// Which pictures and captions a step sees, and the loss over them.
#include "retrieval/train/clip_trainer.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace atelier::retrieval {
namespace {

// Streams of random numbers, one a purpose.
enum Stream : uint64_t { kChoice = 2, kAugmentation = 3, kPatches = 4 };

constexpr int64_t kTextsAtOnce = 128;

// Which patches each picture is seen by. @return (batch, kept) int64, or undefined: all
Tensor draw_patches(const ClipTrainConfig& config, int64_t step) {
  const int64_t side = config.model.vision_config.image_size / config.model.vision_config.patch_size, all = side * side;
  const auto kept = std::max<int64_t>(1, std::llround(config.patch_share * static_cast<double>(all)));
  const double full_from = (1 - config.full_share) * static_cast<double>(config.optimizer.total_steps);
  if (kept == all || static_cast<double>(step) >= full_from) return {};
  Tensor patches = at::empty({config.batch, kept}, at::kLong);
  auto* out = patches.mutable_data_ptr<int64_t>();
  base::Random random(static_cast<uint64_t>(config.seed), kPatches, static_cast<uint64_t>(step));
  std::vector<int64_t> order(static_cast<size_t>(all));
  for (int64_t b = 0; b < config.batch; ++b) {
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = 0; i < kept; ++i) {
      std::swap(order[i], order[i + random.below(all - i)]);
      out[b * kept + i] = order[i];
    }
  }
  return patches;
}

struct Pair {
  int64_t row;
  std::span<const int32_t> caption;
  uint64_t number;  // its draw, which keys the augmentation
};

}  // namespace

ClipBatch make_clip_batch(const ClipPack& pack, const ClipTrainConfig& config, int64_t step) {
  const auto seed = static_cast<uint64_t>(config.seed);
  const ClipTextConfig& text = config.model.text_config;
  const size_t longest = static_cast<size_t>(text.max_position_embeddings - 2);
  base::Random choice(seed, kChoice, static_cast<uint64_t>(step));
  std::vector<Pair> pairs(static_cast<size_t>(config.batch));
  for (size_t i = 0; i < pairs.size(); ++i) {
    const int64_t row = pack.draw(choice);
    const auto caption = pack.caption(row, choice);
    pairs[i] = {row, caption.first(std::min(caption.size(), longest)), static_cast<uint64_t>(step) * pairs.size() + i};
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.caption.size() < b.caption.size(); });

  ClipBatch batch;
  const int64_t side = pack.side(), numbers = 3 * side * side;
  batch.pixels = at::empty({config.batch, 3, side, side}, at::kFloat);
  float* out = batch.pixels.mutable_data_ptr<float>();
#pragma omp parallel for
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Pair& pair = pairs[i];
    vision::AugmentationConfig augmentation = config.augmentation;
    if (!pack.mirror(pair.row)) augmentation.flip = 0;
    if (pack.concept_of(pair.row) < 0) augmentation.affine = 0;  // a scene fills its picture: nothing is around it
    vision::augment(augmentation, pack.pixels(pair.row), side, base::Random(seed, kAugmentation, pair.number), out + static_cast<int64_t>(i) * numbers);
  }
  batch.pixels = batch.pixels.to(base::compute().device);
  batch.patches = draw_patches(config, step);
  if (batch.patches.defined()) batch.patches = batch.patches.to(base::compute().device);

  // What has no concept may stand only for what has its very caption.
  std::map<std::vector<int32_t>, int64_t> captions;
  std::vector<int64_t> groups;
  for (const Pair& pair : pairs) {
    const int64_t number = pack.concept_of(pair.row), next = (int64_t{1} << 32) + static_cast<int64_t>(captions.size());
    groups.push_back(number >= 0 ? number : captions.try_emplace({pair.caption.begin(), pair.caption.end()}, next).first->second);
  }
  batch.groups = at::tensor(groups, at::kLong).to(base::compute().device);

  for (size_t begin = 0; begin < pairs.size(); begin += kTextsAtOnce) {
    const size_t end = std::min(pairs.size(), begin + kTextsAtOnce);
    const int64_t rows = static_cast<int64_t>(end - begin), columns = static_cast<int64_t>(pairs[end - 1].caption.size()) + 2;
    Tensor ids = at::full({rows, columns}, text.eos_token_id, at::kLong);
    for (size_t i = begin; i < end; ++i) {
      int64_t* to = ids.mutable_data_ptr<int64_t>() + static_cast<int64_t>(i - begin) * columns;
      to[0] = text.bos_token_id;
      std::copy(pairs[i].caption.begin(), pairs[i].caption.end(), to + 1);
    }
    batch.ids.push_back(ids.to(base::compute().device));
  }
  return batch;
}

Tensor contrastive_loss(const Tensor& pictures, const Tensor& texts, const Tensor& scale, const Tensor& groups, double own_share) {
  const int64_t n = pictures.size(0);
  const Tensor logits = scale * pictures.matmul(texts.t());                                  // (batch, batch): picture, text
  const Tensor same = groups.unsqueeze(0).eq(groups.unsqueeze(1)).to(at::kFloat);
  const Tensor target = (1 - own_share) * same / same.sum(1, true) + own_share * at::eye(n, same.options());  // symmetric
  return -(target * (at::log_softmax(logits, 0) + at::log_softmax(logits, 1))).sum() / (2.0 * static_cast<double>(n));
}

// The loss needs all vectors at once, the encoders do not: the gradient of each vector is carried through the pass that
// made it. Passes are collected one by one, so that they are summed in fp32. (GradCache, Gao et al. 2021, where a pass
// is made again.)
double accumulate_gradients(const ClipModel& model, const ClipTrainConfig& config, const ClipBatch& batch, base::Optimizer& optimizer) {
  const int64_t n = batch.pixels.size(0), at_once = config.pictures_at_once, picture_passes = (n + at_once - 1) / at_once;
  const int64_t passes = picture_passes + static_cast<int64_t>(batch.ids.size());
  const auto encode = [&](int64_t pass) {
    if (pass >= picture_passes) return model.encode_texts(batch.ids[static_cast<size_t>(pass - picture_passes)]);
    const int64_t from = pass * at_once, count = std::min(at_once, n - from);
    return model.encode_pictures(batch.pixels.narrow(0, from, count),
                                 batch.patches.defined() ? batch.patches.narrow(0, from, count) : Tensor());
  };
  std::vector<Tensor> made, vectors;
  {
    const at::AutoGradMode gradients(!config.recompute);
    for (int64_t pass = 0; pass < passes; ++pass) {
      made.push_back(encode(pass));
      vectors.push_back(made.back().detach());
    }
  }
  Tensor all = at::cat(vectors).requires_grad_(true);  // (2 batch, dimensions): pictures, then texts
  const Tensor loss = contrastive_loss(all.narrow(0, 0, n), all.narrow(0, n, n), model.logit_scale(), batch.groups, config.own_share);
  loss.backward();
  int64_t from = 0;
  for (int64_t pass = 0; pass < passes; ++pass) {
    const Tensor vector = config.recompute ? encode(pass) : std::exchange(made[static_cast<size_t>(pass)], Tensor());
    vector.backward(all.grad().narrow(0, from, vector.size(0)));
    from += vector.size(0);
    optimizer.collect_gradients();
  }
  return loss.item<double>();
}

}  // namespace atelier::retrieval
