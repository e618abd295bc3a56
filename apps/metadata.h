#pragma once
/// How a picture was drawn, written into its PNG and read back.
///
/// Two text chunks: `parameters` in the layout that web user interfaces for Stable Diffusion use and other programs
/// read, and `atelier`, one JSON document with a schema version, from which the command line is made again.
#include "apps/painter.h"
#include "base/config.h"
#include "fusion/negtome.h"
#include "vision/image.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier::apps {

/// A picture that was handed over, and what its pixels were.
struct UsedPicture {
  std::string path, hash;

  template <class Visitor>
  void visit(Visitor& v) {
    v("path", path, base::any());
    v("hash", hash, base::any());
  }
};

/// 16 hexadecimal digits that tell one picture's pixels from another's.
std::string pixel_hash(const vision::Image& image);

/// A document that stood before the prompt.
struct UsedDocument {
  std::string id, caption, source, licence;
  double similarity = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::range;
    v("id", id, any());
    v("caption", caption, any());
    v("source", source, any());
    v("licence", licence, any());
    v("similarity", similarity, range(-1.01, 1.01));
  }
};

/// A document that was handed over.
struct HandedDocument {
  UsedPicture picture;
  std::string caption;

  template <class Visitor>
  void visit(Visitor& v) {
    v("picture", picture, base::any());
    v("caption", caption, base::any());
  }
};

struct PictureRecord {
  int64_t schema = 1;
  std::string prompt, negative_prompt;
  int64_t seed = 0;
  int64_t steps = 25;
  double guidance_scale = 4;
  std::string sampler, style;
  std::string model, model_hash;  // the folder's name; Pipeline::hash()
  int64_t width = 0, height = 0;
  std::string version;            // of this program
  // Guidance by pictures; absent where there was none.
  std::optional<fusion::NegToMeConfig> negtome;
  std::optional<double> diverse, avoid_alpha;
  std::optional<int64_t> batch_index;  // which picture of a diverse batch, from 0; the seed is its own
  std::vector<UsedPicture> avoid;
  std::optional<UsedPicture> avoid_mask;
  // What stood before the prompt.
  std::vector<HandedDocument> with;
  std::optional<int64_t> k;  // asked of a memory; absent: none was asked
  std::string memory;        // its folder; empty: the model's own
  std::vector<UsedDocument> documents;
  // What the picture was made from.
  std::optional<UsedPicture> init, mask;
  std::optional<double> strength;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::range;
    v("schema", schema, range(1, 1));
    v("prompt", prompt, any());
    v("negative_prompt", negative_prompt, any());
    v("seed", seed, range(0, 9e15));
    v("steps", steps, range(1, 1000));
    v("guidance_scale", guidance_scale, range(0, 30));
    v("sampler", sampler, any());
    v("style", style, any());
    v("model", model, any());
    v("model_hash", model_hash, any());
    v("width", width, range(1, 65536));
    v("height", height, range(1, 65536));
    v("version", version, any());
    v("negtome", negtome, any());
    v("diverse", diverse, range(-10, 10));
    v("avoid_alpha", avoid_alpha, range(-10, 10));
    v("batch_index", batch_index, range(0, 63));
    v("avoid", avoid, any());
    v("avoid_mask", avoid_mask, any());
    v("with", with, any());
    v("k", k, range(0, kMostDocuments));
    v("memory", memory, any());
    v("documents", documents, any());
    v("init", init, any());
    v("mask", mask, any());
    v("strength", strength, range(0, 1));
  }
};

/// The text chunks for vision::encode_png.
std::vector<std::pair<std::string, std::string>> to_text_chunks(const PictureRecord& record);

/// The record in a PNG's bytes, or nothing if there is none.
/// @throws InvalidFile if the PNG is broken, or the record was not written by this program
std::optional<PictureRecord> read_record(std::string_view png, std::string_view what);

/// The command that draws the picture again, safe to paste into a shell whatever the prompt holds.
std::string command_line(const PictureRecord& record);

}  // namespace atelier::apps
