#include "retrieval/clip_config.h"

namespace atelier::retrieval {

using base::json;

void ClipConfig::check() const {
  const auto heads_divide = [](const char* tower, int64_t hidden, int64_t heads) {
    REQUIRE(hidden % heads == 0, "{}: hidden_size {} must be a multiple of num_attention_heads {}", tower, hidden, heads);
  };
  heads_divide("text_config", text_config.hidden_size, text_config.num_attention_heads);
  heads_divide("vision_config", vision_config.hidden_size, vision_config.num_attention_heads);
  REQUIRE(vision_config.image_size % vision_config.patch_size == 0, "image_size {} must be a multiple of patch_size {}",
          vision_config.image_size, vision_config.patch_size);
}

ClipConfig read_clip_config(const std::filesystem::path& file) {
  json document = base::read_json(file);
  CHECK_FILE(document.is_object(), file.string(), "must be a JSON object");
  for (const char* part : {"text_config", "vision_config"}) {
    const std::string older = std::string(part) + "_dict";
    if (document.contains(older) && !document[older].is_null()) document[part] = document[older];
    if (document.contains(part) && document[part].is_null()) document.erase(part);
  }
  const auto config = base::read_config<ClipConfig>(document, file.string(), base::UnknownFields::ignore);
  try {
    config.check();
  } catch (const base::InvalidArgument& error) {
    CHECK_FILE(false, file.string(), "{}", error.what());
  }
  return config;
}

}  // namespace atelier::retrieval
