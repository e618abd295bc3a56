#pragma once
/// The corpus's pictures as training reads them: mapped, drawn by weight.
#include "base/files.h"
#include "base/random.h"
#include "vision/image.h"

#include <filesystem>
#include <vector>

namespace atelier::vision {

class PictureSet {
 public:
  static constexpr int kTrain = 0, kHeldoutStyle = 3;  // values of `split` (corpus/corpus.h)

  /// @param file  a safetensors file with pixels (N, side, side, 4) u8 of straight alpha, split (N) u8, weight (N) f32
  /// @throws InvalidFile if one is missing or has another shape or dtype, or no picture of split 0 has a weight
  explicit PictureSet(const std::filesystem::path& file);

  int64_t size() const { return static_cast<int64_t>(splits_.size()); }
  int64_t side() const { return side_; }
  /// (side, side, 4)
  const uint8_t* pixels(int64_t i) const;
  /// Laid over white.
  Image image(int64_t i) const;

  /// A training picture, as often as its weight says.
  int64_t draw(base::Random& random) const;

  /// Up to `limit` rows of a split, spread evenly over it, always the same.
  std::vector<int64_t> rows(int split, int64_t limit) const;

 private:
  base::MappedFile file_;
  int64_t side_ = 0, pixels_offset_ = 0;
  std::vector<uint8_t> splits_;
  std::vector<double> cumulative_;      // of the weights of train_
  std::vector<int64_t> train_;
};

}  // namespace atelier::vision
