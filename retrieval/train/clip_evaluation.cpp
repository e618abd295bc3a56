// How well pictures are found by captions, captions by pictures, and how well pictures are named.
#include "retrieval/ranks.h"
#include "retrieval/train/clip_trainer.h"

#include <algorithm>
#include <map>

namespace atelier::retrieval {
namespace {

constexpr int64_t kAtOnce = 128;

/// (texts, dimensions)
Tensor embed(const ClipModel& model, const std::vector<std::span<const int32_t>>& texts) {
  const ClipTextConfig& c = model.config().text_config;
  std::vector<Tensor> parts;
  for (size_t begin = 0; begin < texts.size(); begin += kAtOnce) {
    const size_t end = std::min(texts.size(), begin + kAtOnce), most = static_cast<size_t>(c.max_position_embeddings - 2);
    size_t longest = 0;
    for (size_t i = begin; i < end; ++i) longest = std::max(longest, std::min(texts[i].size(), most));
    const auto columns = static_cast<int64_t>(longest) + 2;
    Tensor ids = at::full({static_cast<int64_t>(end - begin), columns}, c.eos_token_id, at::kLong);
    for (size_t i = begin; i < end; ++i) {
      int64_t* to = ids.mutable_data_ptr<int64_t>() + static_cast<int64_t>(i - begin) * columns;
      to[0] = c.bos_token_id;
      std::copy_n(texts[i].begin(), std::min(texts[i].size(), most), to + 1);
    }
    parts.push_back(model.encode_texts(ids.to(base::compute().device)).to(at::kCPU));
  }
  return at::cat(parts);
}

/// (rows, dimensions), each picture on white
Tensor embed(const ClipModel& model, const ClipPack& pack, const std::vector<int64_t>& rows) {
  const int64_t side = pack.side(), numbers = 3 * side * side;
  std::vector<Tensor> parts;
  for (size_t begin = 0; begin < rows.size(); begin += kAtOnce) {
    const size_t end = std::min(rows.size(), begin + kAtOnce);
    Tensor pixels = at::empty({static_cast<int64_t>(end - begin), 3, side, side}, at::kFloat);
    float* out = pixels.mutable_data_ptr<float>();
    for (size_t i = begin; i < end; ++i) vision::plain(pack.pixels(rows[i]), side, out + static_cast<int64_t>(i - begin) * numbers);
    parts.push_back(model.encode_pictures(pixels.to(base::compute().device)).to(at::kCPU));
  }
  return at::cat(parts);
}

}  // namespace

base::json ClipQuality::write() const {
  return {{"pictures", pictures}, {"names", names}, {"text_to_picture_1", text_to_picture_1}, {"text_to_picture_10", text_to_picture_10},
          {"picture_to_text_1", picture_to_text_1}, {"picture_to_text_10", picture_to_text_10}, {"name_1", name_1}, {"name_5", name_5}};
}

ClipQuality evaluate_clip(const ClipModel& model, const ClipPack& pack, ClipSplit split, int64_t limit) {
  const at::NoGradGuard no_gradient;
  const std::vector<int64_t> rows = pack.rows(split, limit);
  ClipQuality quality;
  quality.pictures = static_cast<int64_t>(rows.size());
  if (rows.empty()) return quality;
  std::vector<std::span<const int32_t>> captions, names;
  for (const int64_t row : rows) captions.push_back(pack.first_caption(row));
  // Concepts that share a name cannot be told apart by it: they are one candidate.
  std::map<std::vector<int32_t>, int64_t> candidates;
  std::vector<int64_t> candidate_of(static_cast<size_t>(pack.concepts()), -1);
  for (int64_t i = 0; i < pack.concepts(); ++i) {
    const auto name = pack.concept_name(i);
    if (name.empty()) continue;
    const auto [found, is_new] = candidates.try_emplace({name.begin(), name.end()}, static_cast<int64_t>(names.size()));
    if (is_new) names.push_back(name);
    candidate_of[static_cast<size_t>(i)] = found->second;
  }
  quality.names = static_cast<int64_t>(names.size());

  std::vector<int64_t> concept_of, name_of;
  for (const int64_t row : rows) {
    concept_of.push_back(pack.concept_of(row));
    name_of.push_back(candidate_of[static_cast<size_t>(concept_of.back())]);
  }
  const ClipRanks ranks = rank(embed(model, pack, rows), embed(model, captions), names.empty() ? Tensor() : embed(model, names), concept_of, name_of);
  quality.text_to_picture_1 = share_within(ranks.text_to_picture, 1);
  quality.text_to_picture_10 = share_within(ranks.text_to_picture, 10);
  quality.picture_to_text_1 = share_within(ranks.picture_to_text, 1);
  quality.picture_to_text_10 = share_within(ranks.picture_to_text, 10);
  quality.name_1 = share_within(ranks.name, 1);
  quality.name_5 = share_within(ranks.name, 5);
  return quality;
}

}  // namespace atelier::retrieval
