#ifndef ATELIER_CORE_ONLY  // the corpus is built with more than the core has
#include "apps/commands.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/progress.h"
#include "corpus/concept_names.h"
#include "corpus/corpus.h"
#include "corpus/scenes.h"
#include "corpus/words.h"
#include "retrieval/train/clip_pack.h"
#include "text/tokenizer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace atelier::apps {
namespace {

using retrieval::ClipSplit;

struct ClipPackOptions {
  std::string corpus = corpus::default_folder().string(), tokenizer = "models/starter/text", output;
  int64_t scenes = 10000, captions = 12, seed = 0;
  double scene_share = 0.15;
};

/// The part of the pack that a picture belongs to, if any: held-out concepts and unclean pictures are in none.
std::optional<ClipSplit> part_of(const corpus::Corpus& corpus, int64_t i) {
  if (!corpus::is_open(corpus, i)) return std::nullopt;
  switch (corpus.picture(i).split) {
    case corpus::Split::combination: return ClipSplit::combination;
    case corpus::Split::heldout_style: return ClipSplit::heldout_style;
    default: return ClipSplit::train;
  }
}

/// Whether a drawing still shows what its caption says when left and right are exchanged.
bool mirrors(const corpus::Picture& picture) {
  if (picture.kind == "flag" || picture.group == "Symbols" || picture.group == "Flags") return false;
  const std::vector<std::string> title = corpus::words(picture.title);
  return std::none_of(title.begin(), title.end(), [](const std::string& word) {
    return word == "left" || word == "right" || word == "arrow" || word == "clock" || word == "letter" ||
           word == "number" || word == "text" || word == "calendar" || word == "forward" || word == "back";
  });
}

void pack(const ClipPackOptions& options) {
  check_writable(options.output, kSomeBytes);  // before the work, not after it
  const corpus::Corpus corpus = corpus::Corpus::open(options.corpus);
  const text::Tokenizer tokenizer = text::Tokenizer::load(options.tokenizer);
  const auto names = corpus::emoji_names(corpus);
  int64_t pictures = 0;
  for (int64_t i = 0; i < corpus.size(); ++i) pictures += part_of(corpus, i).has_value();
  const int64_t side = corpus.size() > 0 ? corpus.image(0).width : 0;
  retrieval::ClipPackWriter writer(side, pictures + options.scenes);
  std::map<std::string, int32_t> concepts;
  double weight = 0;

  base::Progress progress("packing", pictures + options.scenes, "pictures");
  for (int64_t i = 0; i < corpus.size(); ++i) {
    base::throw_if_cancelled();
    const auto part = part_of(corpus, i);
    if (!part) continue;
    const corpus::Picture& picture = corpus.picture(i);
    auto concept_at = concepts.find(picture.concept_id);
    if (concept_at == concepts.end()) {
      const auto name = names.find(picture.concept_id);
      const auto ids = name == names.end() ? std::vector<int32_t>() : tokenizer.encode(name->second);
      concept_at = concepts.emplace(picture.concept_id, writer.add_concept(ids)).first;
    }
    retrieval::ClipPackRow row{corpus.pixels(i), {}, *part, *part == ClipSplit::train ? corpus.weight(i) : 0, concept_at->second, mirrors(picture)};
    base::Random random(static_cast<uint64_t>(options.seed), 1, static_cast<uint64_t>(i));
    for (int64_t k = 0; k < options.captions; ++k) row.captions.push_back(tokenizer.encode(corpus::caption(picture, random)));
    writer.add(row);
    weight += row.weight;
    progress.advance();
  }
  const double scene_weight = corpus::scene_weight(weight, options.scene_share, options.scenes);
  std::vector<uint8_t> pixels(static_cast<size_t>(side * side * 4));
  corpus::for_each_scene(corpus, static_cast<uint64_t>(options.seed), options.scenes, progress, [&](const corpus::Scene& scene) {
    ASSERT(scene.image.width == side && scene.image.height == side && scene.image.channels == 3);
    for (size_t p = 0; p < pixels.size() / 4; ++p) {
      std::copy_n(scene.image.pixels.data() + 3 * p, 3, pixels.data() + 4 * p);
      pixels[4 * p + 3] = 255;
    }
    writer.add({pixels.data(), {tokenizer.encode(scene.caption)}, ClipSplit::train, scene_weight, -1, false});
  });
  writer.write(options.output);
  base::say(fmt::format("{}: {} pictures of {} concepts, {} scenes", options.output, pictures, concepts.size(), options.scenes));
}

}  // namespace

void add_pack_clip_command(CLI::App& corpus) {
  auto options = std::make_shared<ClipPackOptions>();
  auto* command = corpus.add_subcommand("pack-clip", "Put pictures, captions and concepts into one file that CLIP trains on");
  command->footer("  atelier corpus pack-clip -o runs/clip.safetensors\n  atelier train clip --pack runs/clip.safetensors --run runs/clip");
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->add_option("--corpus", options->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--tokenizer", options->tokenizer, "Folder or tokenizer.json of the text model")->capture_default_str();
  command->add_option("--scenes", options->scenes, "Composed scenes beside the corpus' pictures")->capture_default_str()->check(in_range(0, 10000000));
  command->add_option("--scene-share", options->scene_share, "Share of training draws that are scenes")->capture_default_str()->check(in_range(0.0, 0.99));
  command->add_option("--captions", options->captions, "Captions a picture, drawn at random")->capture_default_str()->check(in_range(1, 100));
  command->add_option("--seed", options->seed, "Seed of captions and scenes")->capture_default_str();
  command->callback([options] { pack(*options); });
}

}  // namespace atelier::apps
#endif
