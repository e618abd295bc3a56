#include "corpus/corpus.h"
#include "corpus/records.h"
#include "corpus/render.h"
#include "corpus/sources.h"
#include "base/error.h"
#include "base/safetensors.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace atelier::corpus {
namespace {
namespace fs = std::filesystem;
using base::json;
}  // namespace

fs::path default_folder() {
  if (const char* folder = std::getenv("ATELIER_ARG_CORPUS"); folder && *folder) return folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return fs::path(cache) / "atelier/corpus";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : ".") / ".cache/atelier/corpus";
}

Corpus Corpus::open(const fs::path& folder) {
  const fs::path pixels = folder / "pictures.safetensors", lines = folder / "corpus.jsonl";
  std::error_code ignored;
  CHECK_FILE(fs::exists(pixels, ignored) && fs::exists(lines, ignored), folder.string(),
             "there is no corpus here; make one with: atelier corpus fetch --corpus {} && atelier corpus build --corpus {}", folder.string(), folder.string());
  Corpus corpus;
  corpus.folder_ = folder;
  const std::string text = base::read_file(lines);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string what = fmt::format("{} line {}", lines.string(), corpus.pictures_.size() + 1);
    corpus.pictures_.push_back(picture_from_json(base::parse_json(std::string_view(text).substr(begin, end - begin), what), what));
    begin = end + 1;
  }
  const int64_t count = corpus.size();
  const base::Safetensors file(pixels);
  const auto check = [&](const char* name, at::ScalarType dtype, const std::vector<int64_t>& shape) {
    CHECK_FILE(file.contains(name), pixels.string(), "has no tensor '{}'", name);
    const base::TensorInfo& info = file.tensors().at(name);
    CHECK_FILE(info.dtype == dtype && info.shape == shape, pixels.string(), "{} is {} of ({}), expected {} of ({}): {} has {} lines", name,
               c10::toString(info.dtype), fmt::join(info.shape, ", "), c10::toString(dtype), fmt::join(shape, ", "), lines.string(), count);
  };
  check("pixels", at::kByte, {count, kSide, kSide, 4});
  check("split", at::kByte, {count});
  check("weight", at::kFloat, {count});
  const Tensor split = file.read("split"), weight = file.read("weight");
  corpus.weights_.resize(count);
  for (int64_t i = 0; i < count; ++i) {
    const Picture& picture = corpus.pictures_[i];
    CHECK_FILE(split.const_data_ptr<uint8_t>()[i] == static_cast<uint8_t>(picture.split), pixels.string(),
               "row {} is of another split than line {} of {}; build the corpus again", i, i + 1, lines.string());
    const double value = weight.const_data_ptr<float>()[i];
    CHECK_FILE(std::isfinite(value) && value >= 0 && (value == 0 || picture.split == Split::train), pixels.string(),
               "weight {} of row {} ({}) is not one that training may use", value, i, picture.id);
    corpus.weights_[i] = value;
  }
  corpus.pixels_offset_ = file.tensors().at("pixels").begin;
  corpus.file_.emplace(pixels);
  return corpus;
}

const uint8_t* Corpus::pixels(int64_t i) const {
  ASSERT(i >= 0 && i < size());
  return reinterpret_cast<const uint8_t*>(file_->data()) + pixels_offset_ + i * kPictureBytes;
}

vision::Image Corpus::image(int64_t i) const {
  vision::Image image;
  image.width = image.height = kSide;
  image.channels = 4;
  image.pixels.assign(pixels(i), pixels(i) + kPictureBytes);
  return image;
}

json stats(const Corpus& corpus) {
  json out = {{"pictures", corpus.size()}};
  std::set<std::string> concepts, trained;
  const auto count = [&](const char* what, const std::string& value) {
    json& number = out[what][value];
    number = number.is_null() ? 1 : number.get<int64_t>() + 1;
  };
  std::map<std::string, double> share;
  double total = 0;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const Picture& picture = corpus.picture(i);
    concepts.insert(picture.concept_id);
    if (picture.split == Split::train) trained.insert(picture.concept_id);
    count("source", picture.source);
    count("licence", picture.licence);
    count("split", std::string(split_name(picture.split)));
    count("kind", picture.kind);
    share[picture.kind] += corpus.weight(i);
    total += corpus.weight(i);
  }
  out["concepts"] = concepts.size();
  out["training_concepts"] = trained.size();
  for (const auto& [kind, weight] : share) out["share_of_training_draws"][kind] = std::round(1000 * weight / total) / 1000;
  return out;
}

}  // namespace atelier::corpus
