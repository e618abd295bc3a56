#include "retrieval/clip_inputs.h"

#include "base/error.h"

#include <algorithm>
#include <optional>

namespace atelier::retrieval {
namespace {

namespace fs = std::filesystem;
using base::json;

constexpr int64_t kMaxSide = 4096;
constexpr int64_t kMaxAspect = 8;  // kMaxSide times this is what vision::resize accepts

/// Reads optional fields of one object, each checked.
class Fields {
 public:
  Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    CHECK_FILE(object.is_object(), where_, "must be a JSON object");
  }

  const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  void read(const char* name, bool& field) const {
    if (const json* value = find(name)) {
      CHECK_FILE(value->is_boolean(), where_, "{} must be true or false, not {}", name, base::shown(*value));
      field = value->get<bool>();
    }
  }
  std::optional<double> number(const char* name, double low, double high) const {
    const json* value = find(name);
    if (!value) return std::nullopt;
    CHECK_FILE(value->is_number() && value->get<double>() >= low && value->get<double>() <= high, where_,
               "{} must be a number from {} to {}, not {}", name, low, high, base::shown(*value));
    return value->get<double>();
  }
  void read(const char* name, std::array<double, 3>& field, double low) const {
    const json* value = find(name);
    if (!value) return;
    const bool fits = value->is_array() && value->size() == 3 && std::all_of(value->begin(), value->end(), [&](const json& v) {
      return v.is_number() && v.get<double>() >= low && v.get<double>() <= 1000;
    });
    CHECK_FILE(fits, where_, "{} must be three numbers from {} to 1000, not {}", name, low, base::shown(*value));
    for (size_t i = 0; i < 3; ++i) field[i] = (*value)[i].get<double>();
  }
  /// A number, or an object with height and width, or with shortest_edge. @return the first of the three, or 0
  int64_t size(const char* name, int64_t& height, int64_t& width) const {
    const json* value = find(name);
    if (!value) return 0;
    const json object = value->is_object() ? *value : json{{"shortest_edge", *value}};
    const Fields inner(object, fmt::format("{}: {}", where_, name));
    const auto side = [&](const char* part) { return static_cast<int64_t>(inner.number(part, 1, kMaxSide).value_or(0)); };
    height = side("height");
    width = side("width");
    const int64_t edge = side("shortest_edge");
    CHECK_FILE(edge > 0 || (height > 0 && width > 0), where_, "{} must be a number of pixels, or have height and width, or shortest_edge", name);
    return edge;
  }

 private:
  const json& object_;
  std::string where_;
};

vision::Image middle(const vision::Image& image, int64_t width, int64_t height) {
  return vision::crop(image, (image.width - width) / 2, (image.height - height) / 2, width, height);
}

}  // namespace

ClipPreprocessor ClipPreprocessor::read(const fs::path& file) {
  const json document = base::read_json(file);
  const Fields fields(document, file.string());
  ClipPreprocessor p;
  fields.read("do_resize", p.do_resize);
  fields.read("do_center_crop", p.do_center_crop);
  fields.read("do_rescale", p.do_rescale);
  fields.read("do_normalize", p.do_normalize);
  if (fields.find("size")) p.shortest_edge = fields.size("size", p.resize_height, p.resize_width);
  if (fields.find("crop_size")) {
    if (const int64_t edge = fields.size("crop_size", p.crop_height, p.crop_width)) p.crop_height = p.crop_width = edge;
  }
  const int64_t resample = static_cast<int64_t>(fields.number("resample", 0, 3).value_or(3));
  constexpr vision::Filter kPillow[] = {vision::Filter::nearest, vision::Filter::lanczos, vision::Filter::bilinear, vision::Filter::bicubic};
  p.resample = kPillow[resample];
  p.rescale_factor = fields.number("rescale_factor", 1e-9, 1e9).value_or(p.rescale_factor);
  fields.read("image_mean", p.image_mean, -1000);
  fields.read("image_std", p.image_std, 1e-6);
  return p;
}

ClipPreprocessor ClipPreprocessor::of_size(int64_t size) {
  ClipPreprocessor p;
  p.shortest_edge = p.crop_height = p.crop_width = size;
  p.image_mean = p.image_std = {0.5, 0.5, 0.5};
  return p;
}

json ClipPreprocessor::write() const {
  const int resample_number = resample == vision::Filter::nearest ? 0 : resample == vision::Filter::lanczos ? 1 : resample == vision::Filter::bilinear ? 2 : 3;
  const json size = shortest_edge > 0 ? json{{"shortest_edge", shortest_edge}} : json{{"height", resize_height}, {"width", resize_width}};
  return {{"image_processor_type", "CLIPImageProcessor"}, {"do_convert_rgb", true}, {"do_resize", do_resize}, {"size", size},
          {"resample", resample_number}, {"do_center_crop", do_center_crop}, {"crop_size", {{"height", crop_height}, {"width", crop_width}}},
          {"do_rescale", do_rescale}, {"rescale_factor", rescale_factor}, {"do_normalize", do_normalize},
          {"image_mean", image_mean}, {"image_std", image_std}};
}

Tensor ClipPreprocessor::apply(const vision::Image& picture) const {
  ASSERT(picture.width > 0 && picture.height > 0);
  vision::Image image = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  if (do_resize && shortest_edge > 0) {
    const int64_t most = kMaxAspect * std::min(image.width, image.height);
    if (std::max(image.width, image.height) > most)
      image = middle(image, std::min(image.width, most), std::min(image.height, most));
    // The longer side is rounded down, as Hugging Face does.
    const int64_t edge = std::min(image.width, image.height);
    image = vision::resize(image, shortest_edge * image.width / edge, shortest_edge * image.height / edge, resample);
  } else if (do_resize) {
    image = vision::resize(image, resize_width, resize_height, resample);
  }
  const int64_t height = do_center_crop ? crop_height : image.height, width = do_center_crop ? crop_width : image.width;
  if (image.width > width || image.height > height) image = middle(image, std::min(image.width, width), std::min(image.height, height));

  // A picture smaller than the crop stands in the middle of black.
  const int64_t left = (width - image.width) / 2, top = (height - image.height) / 2;
  Tensor out = at::zeros({3, height, width}, at::kFloat);
  float* to = out.mutable_data_ptr<float>();
  for (int64_t c = 0; c < 3; ++c) {
    const double mean = do_normalize ? image_mean[c] : 0, deviation = do_normalize ? image_std[c] : 1;
    const double scale = (do_rescale ? rescale_factor : 1) / deviation, shift = mean / deviation;
    std::fill_n(to + c * height * width, height * width, static_cast<float>(-shift));
    for (int64_t y = 0; y < image.height; ++y) {
      const uint8_t* from = image.at(0, y);
      float* row = to + (c * height + top + y) * width + left;
      for (int64_t x = 0; x < image.width; ++x) row[x] = static_cast<float>(from[3 * x + c] * scale - shift);
    }
  }
  return out;
}

ClipTokenizer::ClipTokenizer(const fs::path& folder, const ClipTextConfig& config)
    : tokenizer_(text::Tokenizer::load(folder)), longest_(config.max_position_embeddings) {
  const std::string where = folder.string();
  // Some published configs name no or wrong ids; the tokens' names are always right.
  const auto id = [&](const char* name, int64_t otherwise) {
    return tokenizer_.contains(name) ? tokenizer_.id(name) : static_cast<text::TokenId>(otherwise);
  };
  start_ = id("<|startoftext|>", config.bos_token_id);
  end_ = id("<|endoftext|>", config.eos_token_id);
  CHECK_FILE(tokenizer_.size() <= config.vocab_size, where, "the tokenizer knows {} tokens, the model {}", tokenizer_.size(), config.vocab_size);
  CHECK_FILE(start_ < tokenizer_.size() && end_ < tokenizer_.size(), where, "the tokenizer knows {} tokens, but bos_token_id is {} and eos_token_id {}",
             tokenizer_.size(), start_, end_);
  // The model looks for the end token by its own rule (ClipModel::encode_texts), which must find this one.
  CHECK_FILE(config.eos_token_id == 2 ? end_ == tokenizer_.size() - 1 : end_ == config.eos_token_id, where,
             "the tokenizer's end token is {}, but with eos_token_id {} the model looks for {}", end_, config.eos_token_id,
             config.eos_token_id == 2 ? "the largest id" : "that one");
}

std::vector<text::TokenId> ClipTokenizer::encode(std::string_view text, bool parse_special) const {
  std::vector<text::TokenId> ids = tokenizer_.encode(text, parse_special);
  if (static_cast<int64_t>(ids.size()) > longest_ - 2) ids.resize(longest_ - 2);
  ids.insert(ids.begin(), start_);
  ids.push_back(end_);
  return ids;
}

Tensor ClipTokenizer::encode_batch(std::span<const std::string> texts) const {
  std::vector<std::vector<text::TokenId>> rows;
  size_t longest = 1;
  for (const std::string& text : texts) {
    rows.push_back(encode(text));
    longest = std::max(longest, rows.back().size());
  }
  Tensor ids = at::full({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, end_, at::kLong);
  auto* out = ids.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) std::copy(rows[i].begin(), rows[i].end(), out + i * longest);
  return ids;
}

}  // namespace atelier::retrieval
