#include "apps/imagine.h"

#include "apps/imagine_inputs.h"
#include "apps/model_folder.h"
#include "apps/output_names.h"
#include "apps/prompt.h"
#include "base/error.h"
#include "base/progress.h"
#include "fusion/sampler.h"
#include "retrieval/clip.h"

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
constexpr int64_t kDocuments = 2;      // RA-CM3's K

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
  for (const auto& [flag, until] : {std::pair("diverse-until", n.config.diverse_until), {"avoid-until", n.config.avoid_until}})
    REQUIRE(until >= 0 && until <= 1000, "{} must be 0 to 1000, not {}", flag, until);
  REQUIRE(n.config.first_layer >= 0 && n.config.first_layer <= n.config.last_layer, "layers must be a range such as 0-7, not {}-{}",
          n.config.first_layer, n.config.last_layer);
  REQUIRE(!n.diverse || options.batch > 1, "diverse is about the pictures of a batch; ask for several with --batch");
  REQUIRE(n.avoid.size() <= 8, "at most 8 pictures can be avoided, not {}", n.avoid.size());
  REQUIRE(n.avoid_mask.empty() || !n.avoid.empty(), "avoid-mask says where --avoid counts, and there is no --avoid");
  const DocumentOptions& d = options.documents;
  REQUIRE(!d.no_memory || (d.memory.empty() && !d.k), "--no-memory forbids what --memory and -k ask for");
  REQUIRE(!d.k || (*d.k >= 0 && *d.k <= kMostDocuments), "k must be 0 to {}, not {}", kMostDocuments, d.k.value_or(0));
  REQUIRE(static_cast<int64_t>(d.with.size()) + d.k.value_or(0) <= kMostDocuments,
          "at most {} documents stand before a prompt, not {}", kMostDocuments, static_cast<int64_t>(d.with.size()) + d.k.value_or(0));
  for (const DocumentOptions::Handed& document : d.with) check_optional_prompt(document.caption, "the caption of " + document.picture.string());
  const EditOptions& e = options.edit;
  REQUIRE(!e.init.empty() || (e.mask.empty() && !e.strength), "--mask and --strength are about the picture of --init, and there is none");
  REQUIRE(!e.strength || (*e.strength >= 0 && *e.strength <= 1), "strength must be 0 to 1, not {}", e.strength.value_or(0));
  REQUIRE(options.best_of >= 1 && options.best_of <= 64, "best-of must be 1 to 64, not {}", options.best_of);
  REQUIRE(options.best_of == 1 || !n.diverse, "--best-of chooses among pictures that --diverse makes depend on each other; use one of the two");
  REQUIRE(!options.seed || (*options.seed >= 0 && *options.seed <= kSeedLimit - options.batch * options.best_of),
          "seed must be 0 to {}, not {}", kSeedLimit - options.batch * options.best_of, options.seed.value_or(0));
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

/// The memory that stands before the prompts: the one that was named, else the model's own, if -k asks for it or the model wants it
/// and nothing was handed over.
std::unique_ptr<const Recall> open_memory(const ImagineOptions& options, const ModelInfo& model, PictureRecord& record) {
  const DocumentOptions& d = options.documents;
  const int64_t k = d.k.value_or(!d.memory.empty() ? kDocuments : d.with.empty() ? model.documents : 0);
  if (d.no_memory || k == 0) return nullptr;
  const fs::path folder = d.memory.empty() ? options.model / "memory" : d.memory;
  if (d.memory.empty() && (!Recall::offered || !fs::exists(folder))) {
    REQUIRE(!d.k, "-k says how many documents a memory finds, and there is none; --memory DIR names one");
    return nullptr;
  }
  record.memory = d.memory.string();
  record.k = k;
  return Recall::open(folder, options.model / "clip");
}

/// RA-CM3's decoding of pictures: of several candidates the one whose CLIP vector is nearest to the prompt's.
size_t nearest(const retrieval::Clip& clip, const std::string& prompt, const std::vector<vision::Image>& candidates) {
  return static_cast<size_t>(clip.embed_pictures(candidates).mv(clip.embed_texts({&prompt, 1})[0]).argmax().item<int64_t>());
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
  const ImagineInputs inputs = read_inputs(options);

  ImagineResult result;
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<Painter> painter = open(options.model);
  PictureRecord record = make_record(options, painter->model_hash(), model.picture_size);
  describe(options, inputs, record);
  const std::unique_ptr<const Recall> memory = open_memory(options, model, record);
  std::optional<retrieval::Clip> clip;
  if (options.best_of > 1) clip.emplace(retrieval::Clip::load(options.model / "clip"));
  result.load_seconds = seconds_since(start);

  std::vector<vision::Image> drawn;
  PictureRequest request = {{},             record.negative_prompt, record.style, record.steps, record.guidance_scale, record.sampler, 0,
                            inputs.negtome, {},                     inputs.init,  inputs.mask,  inputs.strength};
  base::Progress progress("drawing", count * options.best_of * options.steps, "steps");
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = i % options.batch;
    record.prompt = request.prompt = options.prompts[i / options.batch];
    const std::string text = options.style.empty() ? record.prompt : record.prompt + ", " + options.style;
    if (index == 0) {
      request.documents = inputs.with;
      record.documents.clear();
      if (memory)
        for (ContextDocument& document : memory->find(&text, nullptr, *record.k, painter->latents_name())) {
          record.documents.push_back({document.id, document.caption, document.source, document.licence, document.similarity});
          request.documents.push_back(std::move(document));
        }
    }
    if (count > 1) progress.note(fmt::format("picture {} of {}", i + 1, count));
    request.negtome.index = index;
    if (options.negtome.diverse) record.batch_index = index;
    std::vector<vision::Image> candidates;
    for (int64_t c = 0; c < options.best_of; ++c) {
      request.seed = static_cast<uint64_t>(*options.seed + index * options.best_of + c);
      candidates.push_back(painter->draw(request, [&](int64_t step, const std::function<vision::Image()>& so_far) {
        progress.advance();
        if (!options.preview.empty() && (step + 1) % kPreviewEvery == 0 && step + 1 < options.steps)
          vision::write_image(options.preview, so_far());
      }));
    }
    const size_t best = clip ? nearest(*clip, text, candidates) : 0;
    record.seed = *options.seed + index * options.best_of + static_cast<int64_t>(best);
    const vision::Image& image = candidates[best];
    vision::write_image(names[i], image, to_text_chunks(record));
    if (!options.preview.empty()) vision::write_image(options.preview, image);
    if (!options.grid.empty()) drawn.push_back(image);
    result.pictures.push_back({names[i], record.prompt, record.seed, record.documents});
  }
  if (!options.grid.empty()) {
    // A row a prompt; the pictures of one prompt, or prompts drawn once, in a square.
    const auto square = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const bool rows = options.prompts.size() > 1 && options.batch > 1;
    vision::write_image(options.grid, vision::grid(drawn, rows ? options.batch : square));
  }
  result.draw_seconds = seconds_since(start) - result.load_seconds;
  result.settings = base::write_config(record);
  for (const char* own : {"prompt", "seed", "schema", "batch_index", "documents"}) result.settings.erase(own);
  return result;
}

base::json to_json(const ImagineResult& result) {
  base::json document = result.settings;
  document["load_seconds"] = result.load_seconds;
  document["draw_seconds"] = result.draw_seconds;
  document["pictures"] = base::json::array();
  for (const DrawnPicture& picture : result.pictures) {
    base::json documents = base::json::array();
    for (const UsedDocument& used : picture.documents) documents.push_back(base::write_config(used));
    document["pictures"].push_back({{"path", picture.path.string()}, {"prompt", picture.prompt}, {"seed", picture.seed},
                                    {"documents", std::move(documents)}});
  }
  return document;
}

}  // namespace atelier::apps
