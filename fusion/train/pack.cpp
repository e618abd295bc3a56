#include "fusion/train/pack.h"

#include "base/error.h"

#include <algorithm>

namespace atelier::fusion {

void PackWriter::add(const Tensor& latents, const std::vector<std::vector<int32_t>>& captions, double weight, bool validation) {
  ASSERT(latents.dim() == 3 && !captions.empty());
  latents_.push_back(latents.to(at::kCPU, at::kBFloat16));
  for (const auto& caption : captions) {
    tokens_.insert(tokens_.end(), caption.begin(), caption.end());
    caption_offsets_.push_back(static_cast<int64_t>(tokens_.size()));
  }
  picture_captions_.push_back(static_cast<int64_t>(caption_offsets_.size()) - 1);
  weight_.push_back(static_cast<float>(weight));
  validation_.push_back(validation ? 1 : 0);
}

void PackWriter::write(const std::filesystem::path& path, const std::vector<std::string>& styles, const Tensor& neighbours) const {
  REQUIRE(!latents_.empty(), "there is nothing to pack: no picture was added");
  base::NamedTensors tensors = {{"latents", at::stack(latents_)},
                                {"caption_tokens", at::tensor(tokens_, at::kInt)},
                                {"caption_offsets", at::tensor(caption_offsets_, at::kLong)},
                                {"picture_captions", at::tensor(picture_captions_, at::kLong)},
                                {"weight", at::tensor(weight_, at::kFloat)},
                                {"validation", at::tensor(validation_, at::kByte)}};
  if (neighbours.defined()) {
    ASSERT(neighbours.dim() == 3 && neighbours.size(0) == size() && neighbours.scalar_type() == at::kInt);
    tensors.emplace_back("neighbours", neighbours);
  }
  base::write_safetensors(path, tensors, {{"styles", fmt::format("{}", fmt::join(styles, "\n"))}});
}

namespace {

// Offsets must rise from 0 to `end`, or captions would be read outside their table.
void check_offsets(const Tensor& offsets, int64_t end, const std::string& path, const char* name) {
  CHECK_FILE(offsets.dim() == 1 && offsets.scalar_type() == at::kLong && offsets.numel() >= 1, path, "{} must be (n) int64", name);
  const auto* p = offsets.data_ptr<int64_t>();
  bool rises = p[0] == 0 && p[offsets.numel() - 1] == end;
  for (int64_t i = 1; i < offsets.numel(); ++i) rises = rises && p[i] >= p[i - 1];
  CHECK_FILE(rises, path, "{} must rise from 0 to {}", name, end);
}

}  // namespace

Pack::Pack(const std::filesystem::path& path) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  latents_ = file.read("latents");
  caption_tokens_ = file.read("caption_tokens");
  caption_offsets_ = file.read("caption_offsets");
  picture_captions_ = file.read("picture_captions");
  const Tensor weight = file.read("weight"), validation = file.read("validation");
  CHECK_FILE(latents_.dim() == 4 && latents_.size(0) > 0, where, "latents must be (pictures, channels, side, side)");
  CHECK_FILE(caption_tokens_.dim() == 1 && caption_tokens_.scalar_type() == at::kInt, where, "caption_tokens must be (n) int32");
  const int64_t n = size();
  CHECK_FILE(picture_captions_.numel() == n + 1 && weight.numel() == n && validation.numel() == n, where,
             "picture_captions, weight and validation must fit {} pictures", n);
  CHECK_FILE(weight.scalar_type() == at::kFloat && validation.scalar_type() == at::kByte, where,
             "weight must be fp32 and validation uint8");
  check_offsets(caption_offsets_, caption_tokens_.numel(), where, "caption_offsets");
  check_offsets(picture_captions_, caption_offsets_.numel() - 1, where, "picture_captions");

  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const bool held_out = validation.data_ptr<uint8_t>()[i] != 0;
    if (held_out) validation_rows_.push_back(i);
    const double w = weight.data_ptr<float>()[i];
    CHECK_FILE(w >= 0 && w < 1e9, where, "weight {} of picture {} must be a number from 0 to 1e9", w, i);
    cumulative_.push_back(sum += held_out ? 0 : w);
  }
  CHECK_FILE(sum > 0, where, "no picture is for training");
  if (file.contains("neighbours")) {
    neighbours_ = file.read("neighbours");
    CHECK_FILE(neighbours_.dim() == 3 && neighbours_.size(0) == n && neighbours_.numel() > 0 && neighbours_.scalar_type() == at::kInt, where,
               "neighbours must be ({}, lists, documents) int32", n);
    CHECK_FILE(neighbours_.min().item<int64_t>() >= -1 && neighbours_.max().item<int64_t>() < n, where, "a neighbour is no picture of this pack");
  }

  const auto& metadata = file.metadata();
  if (const auto found = metadata.find("styles"); found != metadata.end()) {
    size_t begin = 0;
    while (begin < found->second.size()) {
      const size_t end = std::min(found->second.find('\n', begin), found->second.size());
      styles_.push_back(found->second.substr(begin, end - begin));
      begin = end + 1;
    }
  }
}

Tensor Pack::latents(const std::vector<int64_t>& rows) const {
  return latents_.index_select(0, at::tensor(rows, at::kLong)).to(at::kFloat);
}

std::vector<int32_t> Pack::caption(int64_t row, base::Random& random) const {
  const auto* captions = picture_captions_.data_ptr<int64_t>();
  const int64_t count = captions[row + 1] - captions[row];
  if (count == 0) return {};
  const int64_t k = captions[row] + random.below(count);
  const auto* offsets = caption_offsets_.data_ptr<int64_t>();
  const auto* tokens = caption_tokens_.data_ptr<int32_t>();
  return {tokens + offsets[k], tokens + offsets[k + 1]};
}

std::vector<int64_t> Pack::documents(int64_t row, int64_t count, base::Random& random) const {
  ASSERT(count <= most_documents());
  std::vector<int64_t> result;
  if (count == 0) return result;
  const auto* list = neighbours_.const_data_ptr<int32_t>() + (row * neighbours_.size(1) + random.below(neighbours_.size(1))) * neighbours_.size(2);
  for (int64_t k = 0; k < count; ++k) result.push_back(list[k] >= 0 ? list[k] : draw(random));
  return result;
}

int64_t Pack::draw(base::Random& random) const { return random.weighted(cumulative_); }

}  // namespace atelier::fusion
