#include "apps/metadata.h"

#include "apps/prompt.h"
#include "apps/shell.h"
#include "base/random.h"

#include <algorithm>

namespace atelier::apps {

std::string pixel_hash(const vision::Image& image) {
  uint64_t hash = base::mix(static_cast<uint64_t>(image.width), static_cast<uint64_t>(image.height), static_cast<uint64_t>(image.channels));
  for (const uint8_t byte : image.pixels) hash = (hash ^ byte) * 0x9E3779B97F4A7C15ULL;
  return fmt::format("{:016x}", base::mix(hash));
}

std::vector<std::pair<std::string, std::string>> to_text_chunks(const PictureRecord& record) {
  std::string text = record.prompt;
  if (!record.negative_prompt.empty()) text += "\nNegative prompt: " + record.negative_prompt;
  text += fmt::format("\nSteps: {}, Sampler: {}, CFG scale: {}, Seed: {}, Size: {}x{}", record.steps, record.sampler,
                      record.guidance_scale, record.seed, record.width, record.height);
  if (!record.style.empty()) text += ", Style: " + record.style;
  if (record.diverse) text += fmt::format(", Diverse: {} (picture {} of its batch)", *record.diverse, record.batch_index.value_or(0) + 1);
  for (const UsedPicture& picture : record.avoid) text += ", Avoid: " + picture.hash;
  if (record.init) text += fmt::format(", Init: {}, Denoising strength: {}", record.init->hash, record.strength.value_or(1));
  if (record.mask) text += ", Mask: " + record.mask->hash;
  for (const HandedDocument& document : record.with) text += ", With: " + document.picture.hash;
  for (const UsedDocument& document : record.documents) text += fmt::format(", Document: {} ({})", document.id, document.licence);
  text += fmt::format(", Model hash: {}, Model: {}, Version: atelier {}", record.model_hash, record.model, record.version);
  return {{"parameters", text}, {"atelier", base::dump_json(base::write_config(record))}};
}

std::optional<PictureRecord> read_record(std::string_view png, std::string_view what) {
  const auto text = vision::read_png_text(png, what);
  const auto found = text.find("atelier");
  if (found == text.end()) return std::nullopt;
  const std::string place = fmt::format("{}, text chunk atelier", what);
  const base::json document = base::parse_json(found->second, place, {.depth = 16, .bytes = 1 << 20});
  auto record = base::read_config<PictureRecord>(document, place, base::UnknownFields::ignore);
  try {
    check_prompt(record.prompt, "the prompt");
    check_optional_prompt(record.negative_prompt, "the negative prompt");
    for (const std::string* name : {&record.sampler, &record.style, &record.model, &record.model_hash, &record.version})
      check_optional_prompt(*name, "a name");
    for (const UsedPicture& picture : record.avoid) check_optional_prompt(picture.path, "a path");
    for (const auto* picture : {&record.avoid_mask, &record.init, &record.mask})
      if (*picture) check_optional_prompt((*picture)->path, "a path");
    for (const HandedDocument& document : record.with) {
      check_optional_prompt(document.picture.path, "a path");
      check_optional_prompt(document.caption, "a caption");
    }
    check_optional_prompt(record.memory, "a path");
  } catch (const base::InvalidArgument& error) {  // it came from the file, not from the person
    throw base::InvalidFile(fmt::format("{}: {}", place, error.what()));
  }
  return record;
}

std::string command_line(const PictureRecord& record) {
  // A value is joined to its flag and the prompt comes behind "--" where it could be taken for a flag itself.
  const bool looks_like_flag = record.prompt.starts_with('-');
  std::string line = "atelier imagine";
  if (!looks_like_flag) line += " " + shell_quote(record.prompt);
  if (!record.negative_prompt.empty()) line += " --negative-prompt=" + shell_quote(record.negative_prompt);
  // A picture of a diverse batch depends on the batch's first: the command draws it as the last of as many.
  const int64_t index = record.batch_index.value_or(0);
  if (record.diverse) line += fmt::format(" --batch {} --diverse={}", std::max<int64_t>(index + 1, 2), *record.diverse);
  for (const UsedPicture& picture : record.avoid) line += " --avoid=" + shell_quote(picture.path);
  if (record.avoid_mask) line += " --avoid-mask=" + shell_quote(record.avoid_mask->path);
  if (record.avoid_alpha) line += fmt::format(" --avoid-alpha={}", *record.avoid_alpha);
  if (record.negtome)
    line += fmt::format(" --negtome-tau={} --negtome-layers={}-{}", record.negtome->tau, record.negtome->first_layer, record.negtome->last_layer);
  if (record.negtome && record.diverse) line += fmt::format(" --diverse-until={}", record.negtome->diverse_until);
  if (record.negtome && !record.avoid.empty()) line += fmt::format(" --avoid-until={}", record.negtome->avoid_until);
  for (const HandedDocument& document : record.with)
    line += " --with=" + shell_quote(document.picture.path + (document.caption.empty() ? "" : ":" + document.caption));
  if (!record.k) {
    line += " --no-memory";
  } else {
    if (!record.memory.empty()) line += " --memory=" + shell_quote(record.memory);
    line += fmt::format(" -k {}", *record.k);
  }
  if (record.init) line += fmt::format(" --init={} --strength={}", shell_quote(record.init->path), record.strength.value_or(1));
  if (record.mask) line += " --mask=" + shell_quote(record.mask->path);
  line += fmt::format(" --seed {} --steps {} --guidance-scale {} --sampler {}", record.seed - index, record.steps,
                      record.guidance_scale, shell_quote(record.sampler));
  if (!record.style.empty()) line += " --style=" + shell_quote(record.style);
  if (looks_like_flag) line += " -- " + shell_quote(record.prompt);
  return line;
}

}  // namespace atelier::apps
