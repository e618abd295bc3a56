#include "vision/train/picture_set.h"

#include "base/error.h"
#include "base/safetensors.h"

#include <algorithm>
#include <cmath>

namespace atelier::vision {
namespace {

const base::TensorInfo& expect(const base::Safetensors& file, const std::string& name, at::ScalarType dtype,
                               size_t dimensions) {
  const std::string where = file.path().string();
  CHECK_FILE(file.contains(name), where, "has no tensor {}: a set of pictures has pixels, split and weight", name);
  const base::TensorInfo& info = file.tensors().at(name);
  CHECK_FILE(info.dtype == dtype && info.shape.size() == dimensions, where, "{} must be {} with {} dimensions", name,
             dtype == at::kByte ? "U8" : "F32", dimensions);
  return info;
}

}  // namespace

PictureSet::PictureSet(const std::filesystem::path& path) : file_(path) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  const base::TensorInfo& pixels = expect(file, "pixels", at::kByte, 4);
  const int64_t count = pixels.shape[0];
  side_ = pixels.shape[1];
  CHECK_FILE(side_ >= 1 && pixels.shape[2] == side_ && pixels.shape[3] == 4, where,
             "pixels must be (N, side, side, 4), not {}", fmt::join(pixels.shape, "x"));
  pixels_offset_ = pixels.begin;
  CHECK_FILE(static_cast<int64_t>(file_.size()) >= pixels.end, where, "is cut short");

  for (const auto& [name, dtype] : {std::pair("split", at::kByte), std::pair("weight", at::kFloat)}) {
    const base::TensorInfo& info = expect(file, name, dtype, 1);
    CHECK_FILE(info.shape[0] == count, where, "{} has {} rows, pixels has {}", name, info.shape[0], count);
  }
  const Tensor split = file.read("split"), weight = file.read("weight");
  splits_.assign(split.const_data_ptr<uint8_t>(), split.const_data_ptr<uint8_t>() + count);
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float w = weight.const_data_ptr<float>()[i];
    CHECK_FILE(std::isfinite(w) && w >= 0, where, "weight of picture {} must be 0 or more, not {}", i, w);
    if (splits_[i] != kTrain || w == 0) continue;
    total += w;
    train_.push_back(i);
    cumulative_.push_back(total);
  }
  CHECK_FILE(!train_.empty(), where, "no picture of split 0 has a weight: there is nothing to train on");
}

const uint8_t* PictureSet::pixels(int64_t i) const {
  ASSERT(i >= 0 && i < size());
  return reinterpret_cast<const uint8_t*>(file_.data()) + pixels_offset_ + i * side_ * side_ * 4;
}

Image PictureSet::image(int64_t i) const {
  Image rgba(side_, side_, 4);
  std::copy_n(pixels(i), rgba.pixels.size(), rgba.pixels.begin());
  return over(rgba, {255, 255, 255});
}

int64_t PictureSet::draw(base::Random& random) const { return train_[random.weighted(cumulative_)]; }

std::vector<int64_t> PictureSet::rows(int split, int64_t limit) const {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < size(); ++i) {
    if (splits_[i] == split) all.push_back(i);
  }
  const auto count = static_cast<int64_t>(all.size());
  if (count <= limit) return all;
  std::vector<int64_t> spread;
  for (int64_t i = 0; i < limit; ++i) spread.push_back(all[i * count / limit]);
  return spread;
}

}  // namespace atelier::vision
