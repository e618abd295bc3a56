#include "apps/imagine.h"

#include "apps/metadata.h"
#include "apps/model_folder.h"
#include "apps/output_names.h"
#include "apps/prompt.h"
#include "base/error.h"
#include "base/progress.h"
#include "fusion/sampler.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <set>

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kSeedLimit = 9007199254740991;  // 2^53 - 1: JSON readers keep no more digits
constexpr int64_t kPicturesLimit = 10000;
constexpr int64_t kPreviewEvery = 5;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string listed(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

void check_options(const ImagineOptions& options) {
  REQUIRE(!options.prompts.empty(), "there is no prompt; say what to draw, such as \"a red apple\"");
  for (const std::string& prompt : options.prompts) check_prompt(prompt, "the prompt");
  check_optional_prompt(options.negative_prompt, "the negative prompt");
  REQUIRE(options.batch >= 1 && options.batch <= 64, "batch must be 1 to 64, not {}", options.batch);
  REQUIRE(static_cast<int64_t>(options.prompts.size()) * options.batch <= kPicturesLimit,
          "{} prompts x {} pictures are too many for one run, which draws at most {}", options.prompts.size(),
          options.batch, kPicturesLimit);
  REQUIRE(options.steps >= 1 && options.steps <= 1000, "steps must be 1 to 1000, not {}", options.steps);
  REQUIRE(options.guidance_scale >= 0 && options.guidance_scale <= 30, "guidance-scale must be 0 to 30, not {}",
          options.guidance_scale);
  const std::vector<std::string>& samplers = fusion::sampler_names();
  REQUIRE(std::find(samplers.begin(), samplers.end(), options.sampler) != samplers.end(),
          "sampler must be one of {}, not {}", listed(samplers), options.sampler);
  REQUIRE(!options.seed || (*options.seed >= 0 && *options.seed <= kSeedLimit - options.batch),
          "seed must be 0 to {}, not {}", kSeedLimit - options.batch, options.seed.value_or(0));
}

void check_model(const ImagineOptions& options, const ModelInfo& model) {
  REQUIRE(options.style.empty() || std::find(model.styles.begin(), model.styles.end(), options.style) != model.styles.end(),
          "this model has no style '{}'; it has {}", options.style, model.styles.empty() ? "none" : listed(model.styles));
  for (const auto& [name, side] : {std::pair("width", options.width), std::pair("height", options.height)})
    REQUIRE(side == 0 || side == model.picture_size, "{} must be {}, the only size that this model draws, not {}", name,
            model.picture_size, side);
}

/// Every file of the run can be made, and no two are the same.
void check_files(const ImagineOptions& options, const std::vector<fs::path>& names, int64_t size) {
  constexpr int64_t kBytesPerPixel = 3;
  const int64_t bytes = size * size * kBytesPerPixel * static_cast<int64_t>(names.size());
  std::set<fs::path> seen;
  const auto check = [&](const fs::path& path) {
    check_writable(path, bytes);
    REQUIRE(seen.insert(fs::weakly_canonical(fs::absolute(path))).second, "{} would be written twice in one run", path.string());
  };
  for (const fs::path& name : names) check(name);
  for (const fs::path* extra : {&options.preview, &options.grid}) {
    if (extra->empty()) continue;
    output_names(extra->string(), 1);  // a name that a picture can have
    check(*extra);
  }
}

PictureRecord make_record(const ImagineOptions& options, const std::string& hash, int64_t size) {
  PictureRecord record;
  record.negative_prompt = options.negative_prompt;
  record.steps = options.steps;
  record.guidance_scale = options.guidance_scale;
  record.sampler = options.sampler;
  record.style = options.style;
  record.model = fs::weakly_canonical(options.model).filename().string();
  record.model_hash = hash;
  record.width = record.height = size;
  record.version = ATELIER_VERSION;
  return record;
}

}  // namespace

ImagineResult imagine(ImagineOptions options,
                      const std::function<std::unique_ptr<Painter>(const fs::path& model)>& open) {
  check_options(options);
  if (options.model.empty()) options.model = default_model_folder();
  const ModelInfo model = read_model_info(options.model);
  check_model(options, model);
  const auto count = static_cast<int64_t>(options.prompts.size()) * options.batch;
  const std::vector<fs::path> names = output_names(options.output, count);
  check_files(options, names, model.picture_size);
  if (!options.seed) options.seed = std::random_device()();

  ImagineResult result;
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<Painter> painter = open(options.model);
  PictureRecord record = make_record(options, painter->model_hash(), model.picture_size);
  result.load_seconds = seconds_since(start);

  std::vector<vision::Image> drawn;
  base::Progress progress("drawing", count * options.steps, "steps");
  for (int64_t i = 0; i < count; ++i) {
    record.prompt = options.prompts[i / options.batch];
    record.seed = *options.seed + i % options.batch;
    if (count > 1) progress.note(fmt::format("picture {} of {}", i + 1, count));
    const PictureRequest request = {record.prompt,         record.negative_prompt, record.style, record.steps,
                                    record.guidance_scale, record.sampler,         static_cast<uint64_t>(record.seed)};
    const vision::Image image = painter->draw(request, [&](int64_t step, const std::function<vision::Image()>& so_far) {
      progress.advance();
      if (!options.preview.empty() && (step + 1) % kPreviewEvery == 0 && step + 1 < options.steps)
        vision::write_image(options.preview, so_far());
    });
    vision::write_image(names[i], image, to_text_chunks(record));
    if (!options.preview.empty()) vision::write_image(options.preview, image);
    if (!options.grid.empty()) drawn.push_back(image);
    result.pictures.push_back({names[i], record.prompt, record.seed});
  }
  if (!options.grid.empty()) {
    // A row a prompt; the pictures of one prompt, or prompts drawn once, in a square.
    const auto square = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const bool rows = options.prompts.size() > 1 && options.batch > 1;
    vision::write_image(options.grid, vision::grid(drawn, rows ? options.batch : square));
  }
  result.draw_seconds = seconds_since(start) - result.load_seconds;
  result.settings = base::write_config(record);
  for (const char* own : {"prompt", "seed", "schema"}) result.settings.erase(own);
  return result;
}

base::json to_json(const ImagineResult& result) {
  base::json document = result.settings;
  document["load_seconds"] = result.load_seconds;
  document["draw_seconds"] = result.draw_seconds;
  document["pictures"] = base::json::array();
  for (const DrawnPicture& picture : result.pictures)
    document["pictures"].push_back({{"path", picture.path.string()}, {"prompt", picture.prompt}, {"seed", picture.seed}});
  return document;
}

}  // namespace atelier::apps
