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
  const NegToMeOptions& n = options.negtome;
  for (const double alpha : {n.diverse.value_or(0), n.avoid_alpha})
    REQUIRE(alpha >= -10 && alpha <= 10, "alpha must be -10 to 10, not {}", alpha);
  REQUIRE(n.config.tau >= -1 && n.config.tau <= 2, "tau must be -1 to 2, not {}", n.config.tau);
  REQUIRE(n.config.until >= 0 && n.config.until <= 1000, "until must be 0 to 1000, not {}", n.config.until);
  REQUIRE(n.config.first_layer >= 0 && n.config.first_layer <= n.config.last_layer, "layers must be a range such as 0-7, not {}-{}",
          n.config.first_layer, n.config.last_layer);
  REQUIRE(!n.diverse || options.batch > 1, "diverse is about the pictures of a batch; ask for several with --batch");
  REQUIRE(n.avoid.size() <= 8, "at most 8 pictures can be avoided, not {}", n.avoid.size());
  REQUIRE(n.avoid_mask.empty() || !n.avoid.empty(), "avoid-mask says where --avoid counts, and there is no --avoid");
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

/// The pictures behind the paths.
NegToMeRequest read_negtome(const NegToMeOptions& options) {
  NegToMeRequest request;
  request.config = options.config;
  request.diverse = options.diverse;
  request.avoid_alpha = options.avoid_alpha;
  for (const fs::path& path : options.avoid) request.avoid.push_back(vision::read_image(path));
  if (!options.avoid_mask.empty()) request.avoid_mask = vision::read_image(options.avoid_mask);
  return request;
}

/// What the record says of it.
void describe_negtome(const NegToMeOptions& options, const NegToMeRequest& request, PictureRecord& record) {
  if (!options.diverse && options.avoid.empty()) return;
  record.negtome = options.config;
  record.diverse = options.diverse;
  if (options.avoid.empty()) return;
  record.avoid_alpha = options.avoid_alpha;
  const auto used = [](const fs::path& path, const vision::Image& image) { return UsedPicture{path.string(), pixel_hash(image)}; };
  for (size_t i = 0; i < options.avoid.size(); ++i) record.avoid.push_back(used(options.avoid[i], request.avoid[i]));
  if (!options.avoid_mask.empty()) record.avoid_mask = used(options.avoid_mask, request.avoid_mask);
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
  NegToMeRequest negtome = read_negtome(options.negtome);

  ImagineResult result;
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<Painter> painter = open(options.model);
  PictureRecord record = make_record(options, painter->model_hash(), model.picture_size);
  describe_negtome(options.negtome, negtome, record);
  result.load_seconds = seconds_since(start);

  std::vector<vision::Image> drawn;
  base::Progress progress("drawing", count * options.steps, "steps");
  for (int64_t i = 0; i < count; ++i) {
    record.prompt = options.prompts[i / options.batch];
    negtome.index = i % options.batch;
    record.seed = *options.seed + negtome.index;
    if (options.negtome.diverse) record.batch_index = negtome.index;
    if (count > 1) progress.note(fmt::format("picture {} of {}", i + 1, count));
    const PictureRequest request = {record.prompt,         record.negative_prompt, record.style, record.steps,
                                    record.guidance_scale, record.sampler,         static_cast<uint64_t>(record.seed), negtome};
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
  for (const char* own : {"prompt", "seed", "schema", "batch_index"}) result.settings.erase(own);
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
