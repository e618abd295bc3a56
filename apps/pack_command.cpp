#include "apps/commands.h"
#include "apps/neighbours.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/progress.h"
#include "corpus/corpus.h"
#include "corpus/scenes.h"
#include "fusion/train/pack.h"
#include "retrieval/clip_embedder.h"
#include "text/tokenizer.h"
#include "vision/vae.h"

#include <memory>
#include <optional>
#include <set>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

struct PackOptions {
  std::string corpus = corpus::default_folder().string();
  std::string vae = "models/starter/vae", tokenizer = "models/starter/text", clip, output;
  int64_t scenes = 20000, captions = 12, seed = 0;
  double scene_share = 0.1;
};

// Collects pictures and encodes them 32 at a time.
class Encoder {
 public:
  /// @param neighbours  null: none are wanted
  Encoder(const vision::Vae& vae, const text::Tokenizer& tokenizer, fusion::PackWriter& pack, Neighbours* neighbours)
      : vae_(vae), tokenizer_(tokenizer), pack_(pack), neighbours_(neighbours) {}
  ~Encoder() { ASSERT(waiting_.empty()); }

  /// @param is_document  a retriever may find it
  void add(const vision::Image& image, const std::vector<std::string>& captions, double weight, bool validation, bool is_document) {
    Entry entry{{}, weight, validation};
    if (neighbours_) {
      images_.push_back(image);
      captions_.push_back(captions);
      is_document_.push_back(is_document);
    }
    for (const auto& caption : captions) entry.captions.push_back(tokenizer_.encode(caption));
    pixels_.push_back(vision::to_tensor(image));
    waiting_.push_back(std::move(entry));
    if (waiting_.size() == 32) flush();
  }

  void flush() {
    if (waiting_.empty()) return;
    const at::NoGradGuard no_gradient;
    const Tensor latents = vae_.normalise(vae_.encode(at::stack(pixels_).to(base::compute().device)).mean).to(at::kCPU);
    for (size_t i = 0; i < waiting_.size(); ++i)
      pack_.add(latents[static_cast<int64_t>(i)], waiting_[i].captions, waiting_[i].weight, waiting_[i].validation);
    waiting_.clear();
    pixels_.clear();
    if (!neighbours_) return;
    neighbours_->add(images_, captions_, is_document_);
    images_.clear();
    captions_.clear();
    is_document_.clear();
  }

 private:
  struct Entry {
    std::vector<std::vector<int32_t>> captions;
    double weight;
    bool validation;
  };
  const vision::Vae& vae_;
  const text::Tokenizer& tokenizer_;
  fusion::PackWriter& pack_;
  Neighbours* neighbours_;
  std::vector<vision::Image> images_;
  std::vector<std::vector<std::string>> captions_;
  std::vector<bool> is_document_;
  std::vector<Tensor> pixels_;
  std::vector<Entry> waiting_;
};

void pack(const PackOptions& options) {
  check_writable(options.output, kSomeBytes);  // before the work, not after it
  const corpus::Corpus corpus = corpus::Corpus::open(options.corpus);
  const vision::Vae vae = vision::Vae::load(options.vae);
  const text::Tokenizer tokenizer = text::Tokenizer::load(options.tokenizer);
  fusion::PackWriter writer;
  std::optional<retrieval::ClipEmbedder> clip;
  std::optional<Neighbours> neighbours;
  if (!options.clip.empty()) neighbours.emplace(clip.emplace(retrieval::Clip::load(options.clip)), static_cast<uint64_t>(options.seed));
  Encoder encoder(vae, tokenizer, writer, neighbours ? &*neighbours : nullptr);
  std::set<std::string> styles;
  double weight = 0;

  base::Progress progress("packing", corpus.size() + options.scenes, "pictures");
  for (int64_t i = 0; i < corpus.size(); ++i, progress.advance()) {
    base::throw_if_cancelled();
    const corpus::Picture& picture = corpus.picture(i);
    const bool training = picture.split == corpus::Split::train && corpus.weight(i) > 0;
    if (!training && picture.split != corpus::Split::combination) continue;
    base::Random random(static_cast<uint64_t>(options.seed), 1, static_cast<uint64_t>(i));
    std::vector<std::string> captions;
    for (int64_t k = 0; k < options.captions; ++k) captions.push_back(corpus::caption(picture, random));
    encoder.add(vision::over(corpus.image(i), {255, 255, 255}), captions, training ? corpus.weight(i) : 0, !training, training);
    if (training) {
      styles.insert(picture.style);
      weight += corpus.weight(i);
    }
  }
  const double scene_weight = corpus::scene_weight(weight, options.scene_share, options.scenes);
  corpus::for_each_scene(corpus, static_cast<uint64_t>(options.seed), options.scenes, progress,
                         [&](const corpus::Scene& scene) { encoder.add(scene.image, {scene.caption}, scene_weight, false, false); });
  encoder.flush();
  writer.write(options.output, {styles.begin(), styles.end()}, neighbours ? neighbours->find() : Tensor());
  base::say(fmt::format("{}: {} pictures, {} of them scenes", options.output, writer.size(), options.scenes));
}

}  // namespace

void add_pack_command(CLI::App& corpus) {
  auto options = std::make_shared<PackOptions>();
  auto* command = corpus.add_subcommand("pack", "Encode pictures and captions into one file that the generator trains on");
  command->footer("  atelier corpus pack -o runs/fusion.safetensors\n  atelier train fusion --pack runs/fusion.safetensors --run runs/fusion");
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->add_option("--corpus", options->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--vae", options->vae, "Autoencoder that makes the latents")->capture_default_str();
  command->add_option("--tokenizer", options->tokenizer, "Folder or tokenizer.json of the text model")->capture_default_str();
  command->add_option("--clip", options->clip, "Folder of a CLIP: finds each picture's neighbours, for training with retrieved documents");
  command->add_option("--scenes", options->scenes, "Composed scenes beside the corpus' pictures")->capture_default_str()->check(in_range(0, 10000000));
  command->add_option("--scene-share", options->scene_share, "Share of training draws that are scenes")->capture_default_str()->check(in_range(0.0, 0.99));
  command->add_option("--captions", options->captions, "Captions a picture, drawn at random")->capture_default_str()->check(in_range(1, 100));
  command->add_option("--seed", options->seed, "Seed of captions and scenes")->capture_default_str();
  command->callback([options] { pack(*options); });
}

}  // namespace atelier::apps
