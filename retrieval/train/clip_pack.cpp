#include "retrieval/train/clip_pack.h"

#include "base/error.h"

#include <algorithm>

namespace atelier::retrieval {
namespace {

template <class T>
std::vector<T> values_of(const base::Safetensors& file, const std::string& name, at::ScalarType dtype, int64_t count) {
  const std::string where = file.path().string();
  CHECK_FILE(file.contains(name), where, "has no tensor {}: not a pack for CLIP", name);
  const base::TensorInfo& info = file.tensors().at(name);
  CHECK_FILE(info.dtype == dtype && info.shape.size() == 1, where, "{} must be a list of {}", name, at::toString(dtype));
  CHECK_FILE(count < 0 || info.shape[0] == count, where, "{} has {} entries, expected {}", name, info.shape[0], count);
  const Tensor tensor = file.read(name);
  return {tensor.const_data_ptr<T>(), tensor.const_data_ptr<T>() + tensor.numel()};
}

// Offsets must rise from 0 to `end`, or something would be read outside its table.
void check_offsets(const std::vector<int64_t>& offsets, int64_t end, bool empty_allowed, const std::string& where, const std::string& name) {
  bool rises = !offsets.empty() && offsets.front() == 0 && offsets.back() == end;
  for (size_t i = 1; i < offsets.size(); ++i) rises = rises && offsets[i] >= offsets[i - 1] + (empty_allowed ? 0 : 1);
  CHECK_FILE(rises, where, "{} must rise from 0 to {}", name, end);
}

}  // namespace

void TokenLists::add(std::span<const int32_t> tokens) {
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  offsets_.push_back(static_cast<int64_t>(tokens_.size()));
}

std::span<const int32_t> TokenLists::operator[](int64_t i) const {
  return {tokens_.data() + offsets_[i], static_cast<size_t>(offsets_[i + 1] - offsets_[i])};
}

int32_t TokenLists::largest() const {
  return tokens_.empty() ? -1 : *std::max_element(tokens_.begin(), tokens_.end());
}

void TokenLists::write(const std::string& name, base::NamedTensors& to) const {
  to.emplace_back(name + "_tokens", at::tensor(tokens_, at::kInt));
  to.emplace_back(name + "_offsets", at::tensor(offsets_, at::kLong));
}

TokenLists TokenLists::read(const base::Safetensors& file, const std::string& name) {
  TokenLists lists;
  const std::string where = file.path().string();
  lists.tokens_ = values_of<int32_t>(file, name + "_tokens", at::kInt, -1);
  lists.offsets_ = values_of<int64_t>(file, name + "_offsets", at::kLong, -1);
  check_offsets(lists.offsets_, static_cast<int64_t>(lists.tokens_.size()), true, where, name + "_offsets");
  for (const int32_t token : lists.tokens_) CHECK_FILE(token >= 0, where, "{}_tokens holds the negative id {}", name, token);
  return lists;
}

ClipPackWriter::ClipPackWriter(int64_t side, int64_t capacity) : pixels_(at::empty({capacity, side, side, 4}, at::kByte)) {}

int32_t ClipPackWriter::add_concept(std::span<const int32_t> name) {
  concepts_.add(name);
  return static_cast<int32_t>(concepts_.size()) - 1;
}

void ClipPackWriter::add(const ClipPackRow& row) {
  ASSERT(size() < pixels_.size(0) && !row.captions.empty() && row.concept_of < concepts_.size());
  const int64_t bytes = pixels_[0].numel();
  std::copy_n(row.pixels, bytes, pixels_.mutable_data_ptr<uint8_t>() + size() * bytes);
  for (const auto& caption : row.captions) captions_.add(caption);
  picture_captions_.push_back(captions_.size());
  split_.push_back(static_cast<uint8_t>(row.split));
  mirror_.push_back(row.mirror ? 1 : 0);
  weight_.push_back(static_cast<float>(row.weight));
  concept_of_.push_back(row.concept_of);
}

void ClipPackWriter::write(const std::filesystem::path& path) const {
  REQUIRE(size() > 0, "there is nothing to pack: no picture was added");
  base::NamedTensors tensors = {{"pixels", pixels_.narrow(0, 0, size())},
                                {"split", at::tensor(split_, at::kByte)},
                                {"mirror", at::tensor(mirror_, at::kByte)},
                                {"weight", at::tensor(weight_, at::kFloat)},
                                {"concept_of", at::tensor(concept_of_, at::kInt)},
                                {"picture_captions", at::tensor(picture_captions_, at::kLong)}};
  captions_.write("caption", tensors);
  concepts_.write("concept", tensors);
  base::write_safetensors(path, tensors);
}

ClipPack::ClipPack(const std::filesystem::path& path) : file_(path) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  CHECK_FILE(file.contains("pixels"), where, "has no tensor pixels: not a pack for CLIP");
  const base::TensorInfo& pixels = file.tensors().at("pixels");
  CHECK_FILE(pixels.dtype == at::kByte && pixels.shape.size() == 4 && pixels.shape[1] >= 1 && pixels.shape[1] == pixels.shape[2] && pixels.shape[3] == 4,
             where, "pixels must be (pictures, side, side, 4) of uint8");
  CHECK_FILE(static_cast<int64_t>(file_.size()) >= pixels.end, where, "is cut short");
  const int64_t n = pixels.shape[0];
  side_ = pixels.shape[1];
  pixels_offset_ = pixels.begin;
  split_ = values_of<uint8_t>(file, "split", at::kByte, n);
  mirror_ = values_of<uint8_t>(file, "mirror", at::kByte, n);
  concept_of_ = values_of<int32_t>(file, "concept_of", at::kInt, n);
  picture_captions_ = values_of<int64_t>(file, "picture_captions", at::kLong, n + 1);
  captions_ = TokenLists::read(file, "caption");
  concepts_ = TokenLists::read(file, "concept");
  check_offsets(picture_captions_, captions_.size(), false, where, "picture_captions");
  for (const int32_t number : concept_of_)
    CHECK_FILE(number >= -1 && number < concepts(), where, "concept_of holds {}, but there are {} concepts", number, concepts());

  double sum = 0;
  const auto weights = values_of<float>(file, "weight", at::kFloat, n);
  for (int64_t i = 0; i < n; ++i) {
    CHECK_FILE(weights[i] >= 0 && weights[i] < 1e9F, where, "weight {} of picture {} must be a number from 0 to 1e9", weights[i], i);
    cumulative_.push_back(sum += split_[i] == static_cast<uint8_t>(ClipSplit::train) ? weights[i] : 0);
  }
  CHECK_FILE(sum > 0, where, "no picture is for training");
}

const uint8_t* ClipPack::pixels(int64_t row) const {
  ASSERT(row >= 0 && row < size());
  return reinterpret_cast<const uint8_t*>(file_.data()) + pixels_offset_ + row * side_ * side_ * 4;
}

std::span<const int32_t> ClipPack::caption(int64_t row, base::Random& random) const {
  const int64_t first = picture_captions_[row], count = picture_captions_[row + 1] - first;
  return captions_[first + random.below(count)];
}

int64_t ClipPack::draw(base::Random& random) const { return random.weighted(cumulative_); }

std::vector<int64_t> ClipPack::rows(ClipSplit split, int64_t limit) const {
  std::vector<int64_t> all, spread;
  for (int64_t i = 0; i < size(); ++i)
    if (split_[i] == static_cast<uint8_t>(split) && concept_of_[i] >= 0) all.push_back(i);
  const auto count = static_cast<int64_t>(all.size());
  if (count <= limit) return all;
  for (int64_t i = 0; i < limit; ++i) spread.push_back(all[i * count / limit]);
  return spread;
}

}  // namespace atelier::retrieval
