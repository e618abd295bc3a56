#include "retrieval/retriever.h"

#include "base/error.h"
#include "base/ops.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace atelier::retrieval {
namespace {

// Ranked before any more are: nearly always enough for a handful of choices.
constexpr int64_t kFirstCandidates = 64;
constexpr int64_t kPatchGrid = 8;
// The mean of CLIP's training pictures, hence 0 after its normalisation.
constexpr std::array<uint8_t, 3> kMeanColour = {123, 117, 104};

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  for (size_t begin = text.find_first_not_of(kSpace); begin != text.npos; begin = text.find_first_not_of(kSpace, begin)) {
    const size_t end = std::min(text.find_first_of(kSpace, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

// Which of `count` tokens survive the dropout; where none would, one of them does.
std::vector<size_t> kept(size_t count, double share, base::Random& random) {
  std::vector<size_t> places;
  for (size_t i = 0; i < count; ++i)
    if (!random.chance(share)) places.push_back(i);
  if (places.empty() && count > 0) places.push_back(static_cast<size_t>(random.below(static_cast<int64_t>(count))));
  return places;
}

}  // namespace

Tensor mixed_modal(const Tensor& texts, const Tensor& pictures) {
  REQUIRE(texts.defined() || pictures.defined(), "a document needs a caption or a picture");
  Tensor sum;  // (batch, d)
  for (const Tensor& part : {texts, pictures})
    if (part.defined()) sum = sum.defined() ? sum + base::unit(part.to(at::kFloat)) : base::unit(part.to(at::kFloat));
  const Tensor vectors = base::unit(sum).contiguous();
  REQUIRE(vectors.isfinite().all().item<bool>(), "the embedding model gives vectors that are no numbers");
  return vectors;
}

bool Selection::offer(float similarity, Content content, std::span<const float> vector) {
  if (full() || (rules_.both_modalities && content != Content::both)) return false;
  if (!(similarity <= rules_.redundancy)) return false;
  for (const std::vector<float>& other : chosen_) {
    ASSERT(other.size() == vector.size());
    if (std::inner_product(vector.begin(), vector.end(), other.begin(), 0.0) > rules_.redundancy) return false;
  }
  chosen_.emplace_back(vector.begin(), vector.end());
  return true;
}

Retriever::Retriever(const Tensor& documents, std::vector<Content> contents)
    : documents_(documents.to(at::kCPU, at::kFloat).contiguous()), contents_(std::move(contents)) {
  ASSERT(documents_.dim() == 2 && documents_.size(0) == static_cast<int64_t>(contents_.size()));
}

std::vector<std::vector<Pick>> Retriever::retrieve(const Tensor& queries, const SelectionRules& rules, std::span<const int64_t> never,
                                                   int64_t walked) const {
  ASSERT(queries.dim() == 2 && queries.size(1) == documents_.size(1) && queries.size(0) == static_cast<int64_t>(never.size()));
  const int64_t d = documents_.size(1), all = std::min(walked, documents_.size(0));
  const Tensor scores = at::matmul(queries.to(at::kCPU, at::kFloat), documents_.t());  // (queries, documents)
  const auto walk = [&](const Tensor& similarity, const Tensor& row, int64_t unwanted) {
    Selection selection(rules);
    std::vector<Pick> picks;
    for (int64_t k = 0; k < row.size(0) && !selection.full(); ++k) {
      const Pick pick = {row.const_data_ptr<int64_t>()[k], similarity.const_data_ptr<float>()[k]};
      if (pick.document == unwanted) continue;
      const std::span<const float> vector(documents_.const_data_ptr<float>() + pick.document * d, static_cast<size_t>(d));
      if (selection.offer(pick.similarity, contents_[pick.document], vector)) picks.push_back(pick);
    }
    return std::pair(selection.full(), std::move(picks));
  };
  const int64_t first = std::min(kFirstCandidates, all);
  const auto [similarities, rows] = scores.topk(first, 1);  // (queries, first)
  std::vector<std::vector<Pick>> result;
  for (int64_t q = 0; q < queries.size(0); ++q) {
    auto [full, picks] = walk(similarities[q], rows[q], never[q]);
    for (int64_t candidates = first; !full && candidates < all;) {
      candidates = std::min(4 * candidates, all);
      const auto [more, places] = scores[q].topk(candidates);
      std::tie(full, picks) = walk(more, places, never[q]);
    }
    result.push_back(std::move(picks));
  }
  return result;
}

std::string drop_words(std::string_view text, double share, base::Random& random) {
  const std::vector<std::string_view> words = words_of(text);
  std::string query;
  for (const size_t i : kept(words.size(), share, random)) {
    if (!query.empty()) query += ' ';
    query += words[i];
  }
  return query;
}

vision::Image drop_patches(const vision::Image& picture, int64_t grid, double share, base::Random& random) {
  vision::Image image = picture;
  std::vector<bool> stays(static_cast<size_t>(grid * grid));
  for (const size_t patch : kept(stays.size(), share, random)) stays[patch] = true;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) {
      if (stays[static_cast<size_t>(y * grid / image.height * grid + x * grid / image.width)]) continue;
      std::copy(kMeanColour.begin(), kMeanColour.end(), image.at(x, y));
      if (image.channels == 4) image.at(x, y)[3] = 255;
    }
  return image;
}

std::variant<std::string, vision::Image> training_query(std::span<const std::string> captions, const vision::Image& picture,
                                                        base::Random& random) {
  ASSERT(!captions.empty());
  if (random.chance(0.5)) return drop_words(captions[random.below(static_cast<int64_t>(captions.size()))], kQueryDropout, random);
  return drop_patches(picture, kPatchGrid, kQueryDropout, random);
}

}  // namespace atelier::retrieval
