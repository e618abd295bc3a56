#pragma once
/// What CLIP reads: pictures of one size and normalised colours, and token ids from a start to an end token.
#include "retrieval/clip_config.h"
#include "text/tokenizer.h"
#include "vision/image.h"

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::retrieval {

/// preprocessor_config.json of Hugging Face's CLIPImageProcessor: resize, crop the centre, rescale, normalise.
struct ClipPreprocessor {
  bool do_resize = true, do_center_crop = true, do_rescale = true, do_normalize = true;
  int64_t shortest_edge = 224;               // 0: height and width below, aspect not kept
  int64_t resize_height = 0, resize_width = 0;
  int64_t crop_height = 224, crop_width = 224;
  vision::Filter resample = vision::Filter::bicubic;
  double rescale_factor = 1 / 255.0;
  std::array<double, 3> image_mean = {0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> image_std = {0.26862954, 0.26130258, 0.27577711};

  /// Sizes may be numbers or objects, as in older and newer files. @throws InvalidFile
  static ClipPreprocessor read(const std::filesystem::path& file);
  /// For our own models: `size` x `size`, colours in [-1, 1]. What write() makes of it Hugging Face reads, too.
  static ClipPreprocessor of_size(int64_t size);
  base::json write() const;

  /// Alpha is laid over white. Of a picture more than 8 times as long as wide only the middle counts, as the crop would
  /// leave no more of it.
  /// @return (3, height, width) fp32
  Tensor apply(const vision::Image& picture) const;
};

/// A tokenizer with CLIP's rules around it.
class ClipTokenizer {
 public:
  /// @param folder  with tokenizer.json, or vocab.json and merges.txt
  /// @throws InvalidFile if the tokenizer does not fit the model
  ClipTokenizer(const std::filesystem::path& folder, const ClipTextConfig& config);

  /// Start token, the text, end token: at most max_position_embeddings, the end token kept when the text is cut.
  /// @param parse_special  control symbols in the text become their ids, as in Hugging Face
  /// @throws InvalidArgument if text is not UTF-8
  std::vector<text::TokenId> encode(std::string_view text, bool parse_special = false) const;

  /// @return (texts, longest) int64, behind the end token more of it, which no text sees
  Tensor encode_batch(std::span<const std::string> texts) const;

 private:
  text::Tokenizer tokenizer_;
  text::TokenId start_, end_;
  int64_t longest_;
};

}  // namespace atelier::retrieval
