#pragma once
/// How a picture was drawn, written into its PNG and read back.
///
/// Two text chunks: `parameters` in the layout that web user interfaces for Stable Diffusion use and other programs
/// read, and `atelier`, one JSON document with a schema version, from which the command line is made again.
#include "base/config.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier::apps {

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
