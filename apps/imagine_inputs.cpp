#include "apps/imagine_inputs.h"

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

constexpr double kStrength = 0.6;

UsedPicture used(const fs::path& path, const vision::Image& image) { return {path.string(), pixel_hash(image)}; }

vision::Image read(const fs::path& path) { return path.empty() ? vision::Image() : vision::read_image(path); }

}  // namespace

ImagineInputs read_inputs(const ImagineOptions& options) {
  ImagineInputs inputs;
  NegToMeRequest& n = inputs.negtome;
  n.config = options.negtome.config;
  n.diverse = options.negtome.diverse;
  n.avoid_alpha = options.negtome.avoid_alpha;
  for (const fs::path& path : options.negtome.avoid) n.avoid.push_back(vision::read_image(path));
  n.avoid_mask = read(options.negtome.avoid_mask);
  for (const DocumentOptions::Handed& document : options.documents.with)
    inputs.with.push_back({document.picture.filename().string(), document.caption, "", "", 0, vision::read_image(document.picture), ""});
  inputs.init = read(options.edit.init);
  inputs.mask = read(options.edit.mask);
  inputs.strength = options.edit.strength.value_or(options.edit.mask.empty() ? kStrength : 1);
  return inputs;
}

void describe(const ImagineOptions& options, const ImagineInputs& inputs, PictureRecord& record) {
  const NegToMeOptions& n = options.negtome;
  if (n.diverse || !n.avoid.empty()) record.negtome = n.config;
  record.diverse = n.diverse;
  if (!n.avoid.empty()) record.avoid_alpha = n.avoid_alpha;
  for (size_t i = 0; i < n.avoid.size(); ++i) record.avoid.push_back(used(n.avoid[i], inputs.negtome.avoid[i]));
  if (!n.avoid_mask.empty()) record.avoid_mask = used(n.avoid_mask, inputs.negtome.avoid_mask);
  for (size_t i = 0; i < inputs.with.size(); ++i)
    record.with.push_back({used(options.documents.with[i].picture, inputs.with[i].picture), inputs.with[i].caption});
  if (options.edit.init.empty()) return;
  record.init = used(options.edit.init, inputs.init);
  record.strength = inputs.strength;
  if (!options.edit.mask.empty()) record.mask = used(options.edit.mask, inputs.mask);
}

}  // namespace atelier::apps
