#include "retrieval/clip.h"

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "retrieval/clip_inputs.h"
#include "retrieval/clip_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <set>
#include <vector>

namespace atelier::retrieval {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPicturesAtOnce = 64, kTextsAtOnce = 256;

uint64_t hash_of(const fs::path& path) {
  const base::InputFile file(path);
  std::vector<uint64_t> block(1 << 17);
  const int64_t block_bytes = static_cast<int64_t>(block.size() * sizeof(uint64_t));
  uint64_t sum = static_cast<uint64_t>(file.size());
  for (int64_t at = 0; at < file.size(); at += block_bytes) {
    const int64_t bytes = std::min(block_bytes, file.size() - at);
    block[static_cast<size_t>((bytes - 1) / 8)] = 0;  // the last word may be filled in part only
    file.read(block.data(), bytes, at);
    for (int64_t i = 0; i < (bytes + 7) / 8; ++i) sum = (sum ^ block[static_cast<size_t>(i)]) * 0x9E3779B97F4A7C15ULL;
  }
  return sum;
}

/// encode(from, count) for every stretch of `total`, one below the other. @return (total, dimensions) fp32 on the CPU
Tensor in_batches(int64_t total, int64_t at_once, int64_t dimensions, const auto& encode) {
  const at::NoGradGuard no_gradient;
  Tensor out = at::empty({total, dimensions}, at::kFloat);
  for (int64_t at = 0; at < total; at += at_once) {
    const int64_t count = std::min(at_once, total - at);
    out.narrow(0, at, count).copy_(encode(at, count));
  }
  return out;
}

}  // namespace

struct Clip::Parts {
  ClipModel model;
  ClipTokenizer tokenizer;
  ClipPreprocessor preprocessor;
  std::string hash;
};

Clip::Clip(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Clip::~Clip() = default;
Clip::Clip(Clip&&) noexcept = default;

Clip Clip::load(const fs::path& folder) {
  CHECK_FILE(fs::is_directory(folder), folder.string(), "there is no CLIP folder");
  for (const char* part : {"config.json", "preprocessor_config.json"})
    CHECK_FILE(fs::is_regular_file(folder / part), folder.string(), "{} is missing", part);
  const ClipConfig config = read_clip_config(folder / "config.json");
  const auto preprocessor = ClipPreprocessor::read(folder / "preprocessor_config.json");
  const int64_t size = config.vision_config.image_size;
  CHECK_FILE(preprocessor.do_center_crop ? preprocessor.crop_height == size && preprocessor.crop_width == size
                                         : preprocessor.do_resize && preprocessor.resize_height == size && preprocessor.resize_width == size,
             (folder / "preprocessor_config.json").string(), "pictures do not become {0} x {0}, as the model's must be", size);
  ClipTokenizer tokenizer(folder, config.text_config);
  const base::Weights weights(folder);
  base::Parameters parameters = base::Parameters::read(weights);
  return Clip(std::make_unique<const Parts>(
      Parts{ClipModel(parameters.root(), config), std::move(tokenizer), preprocessor, clip_hash(folder)}));
}

Tensor Clip::embed_pictures(std::span<const vision::Image> pictures) const {
  return in_batches(static_cast<int64_t>(pictures.size()), kPicturesAtOnce, dimensions(), [&](int64_t from, int64_t count) {
    std::vector<Tensor> pixels(static_cast<size_t>(count));
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        pixels[static_cast<size_t>(i)] = parts_->preprocessor.apply(pictures[static_cast<size_t>(from + i)]);
    });
    return parts_->model.encode_pictures(at::stack(pixels).to(base::compute().device));
  });
}

Tensor Clip::embed_texts(std::span<const std::string> texts) const {
  return in_batches(static_cast<int64_t>(texts.size()), kTextsAtOnce, dimensions(), [&](int64_t from, int64_t count) {
    const Tensor ids = parts_->tokenizer.encode_batch(texts.subspan(static_cast<size_t>(from), static_cast<size_t>(count)));
    return parts_->model.encode_texts(ids.to(base::compute().device));
  });
}

int64_t Clip::tokens(std::span<const std::string> texts) const {
  int64_t count = 0;
  for (const std::string& text : texts) count += static_cast<int64_t>(parts_->tokenizer.encode(text).size());
  return count;
}

int64_t Clip::tokens_a_picture() const {
  const int64_t side = parts_->model.config().vision_config.image_size / parts_->model.config().vision_config.patch_size;
  return side * side + 1;
}

int64_t Clip::dimensions() const { return parts_->model.config().projection_dim; }
const std::string& Clip::hash() const { return parts_->hash; }

// Not cryptographic: it tells versions of weights apart, it does not guard against anybody.
std::string clip_hash(const fs::path& folder) {
  CHECK_FILE(fs::is_directory(folder), folder.string(), "there is no CLIP folder");
  std::set<fs::path> files;  // sorted: the same on every machine
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool decides = name == "config.json" || name == "preprocessor_config.json" || name == "tokenizer.json" ||
                         name == "vocab.json" || name == "merges.txt" || name.ends_with(".safetensors");
    if (decides && entry.is_regular_file()) files.insert(entry.path());
  }
  uint64_t hash = 0;
  for (const fs::path& file : files) hash = base::mix(hash, hash_of(file));
  return fmt::format("{:016x}", hash);
}

}  // namespace atelier::retrieval
