#ifndef ATELIER_CORE_ONLY  // the corpus is built with more than the core has
#include "apps/commands.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "base/compute.h"
#include "base/error.h"
#include "base/progress.h"
#include "fusion/train/question_pack.h"
#include "promptcap/data/conditioned.h"
#include "promptcap/data/filter.h"
#include "promptcap/data/picture_questions.h"
#include "promptcap/examples.h"
#include "retrieval/clip_embedder.h"
#include "vision/train/augmentation.h"
#include "vision/vae.h"

#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

struct PackQuestionsArguments {
  std::string corpus = corpus::default_folder().string();
  std::string vae = "models/starter/vae", text = "models/starter/text", clip = "models/starter/clip", judge, output, examples;
  int64_t scenes = 20000, pictures = 10000, seed = 1, shots = 2000;
  bool no_filter = false;
};

/// A picture with the questions about it and a caption for none of them.
struct Asked {
  vision::Image image;
  std::string caption;
  std::vector<promptcap::Candidates> questions;
};

/// A picture as somebody might hand it over: smaller or larger, not quite in the middle, turned a little, on other ground.
vision::Image as_handed_over(const uint8_t* rgba, base::Random random) {
  constexpr vision::AugmentationConfig kViews = {.affine = 0.8, .min_scale = 0.6, .max_scale = 1.2, .rotation = 0.2, .flip = 0, .recolour = 0};  // captions name sides and colours
  constexpr int64_t kSide = 128;
  Tensor pixels = at::empty({3, kSide, kSide}, at::kFloat);
  vision::augment(kViews, rgba, kSide, random, pixels.mutable_data_ptr<float>());
  return vision::to_image(pixels);
}

/// Filters and encodes pictures some at a time.
class Packer {
 public:
  Packer(const PackQuestionsArguments& arguments, const text::Tokenizer& tokenizer, const text::TextComponent& judge, const vision::Vae& vae)
      : arguments_(arguments), tokenizer_(tokenizer), vae_(vae),
        model_(judge.model, judge.tokenizer, judge.begin, {judge.tokenizer.id("<eos>"), judge.tokenizer.id("<question>")}, "the judge") {}

  void add(Asked asked) {
    if (asked.questions.empty()) return;
    waiting_.push_back(std::move(asked));
    if (waiting_.size() == 64) flush();
  }

  void flush() {
    if (waiting_.empty()) return;
    std::vector<promptcap::Candidates> all;
    std::vector<Tensor> pixels;
    for (const Asked& asked : waiting_) {
      all.insert(all.end(), asked.questions.begin(), asked.questions.end());
      pixels.push_back(vision::to_tensor(asked.image));
    }
    const std::vector<int64_t> kept = arguments_.no_filter ? std::vector<int64_t>(all.size(), 0) : promptcap::filter_captions(model_, form_, all);
    promptcap::count_kept(all, kept, counts_);
    const at::NoGradGuard no_gradient;
    const Tensor latents = vae_.normalise(vae_.encode(at::stack(pixels).to(base::compute().device)).mean).to(at::kCPU);
    size_t q = 0;
    for (size_t i = 0; i < waiting_.size(); ++i) {
      std::vector<fusion::PackedQuestion> packed;
      for (const promptcap::Candidates& question : waiting_[i].questions) {
        const std::string caption = kept[q] >= 0 ? question.captions[kept[q]] : "";
        packed.push_back({tokenizer_.encode(question.question.question), tokenizer_.encode(caption), tokenizer_.encode(question.question.answer)});
        keep_example(waiting_[i].image, question.question, caption);
        ++q;
      }
      packed.push_back({{}, tokenizer_.encode(waiting_[i].caption), {}});
      writer_.add(latents[static_cast<int64_t>(i)], packed);
    }
    waiting_.clear();
  }

  void write() {
    writer_.write(arguments_.output);
    std::printf("%-14s %9s %9s %9s\n", "kind", "questions", "kept", "first");
    for (const auto& [kind, count] : counts_)
      std::printf("%-14s %9lld %8.1f%% %8.1f%%\n", kind.c_str(), static_cast<long long>(count.questions), 100.0 * static_cast<double>(count.kept) / static_cast<double>(count.questions),
                  100.0 * static_cast<double>(count.first) / static_cast<double>(count.questions));
    base::say(fmt::format("{}: questions about {} pictures", arguments_.output, writer_.size()));
    if (arguments_.examples.empty()) return;
    const retrieval::ClipEmbedder clip(retrieval::Clip::load(arguments_.clip));
    promptcap::ExamplePool::make(examples_, example_pictures_, clip).save(arguments_.examples);
    base::say(fmt::format("{}: {} in-context examples", arguments_.examples, examples_.size()));
  }

 private:
  /// Every tenth question that has a caption, so that the pool holds many pictures.
  void keep_example(const vision::Image& image, const corpus::Question& question, const std::string& caption) {
    if (arguments_.examples.empty() || caption.empty() || static_cast<int64_t>(examples_.size()) >= arguments_.shots || candidates_++ % 10 != 0) return;
    examples_.push_back({caption, question.question, question.answer});
    example_pictures_.push_back(image);
  }

  const PackQuestionsArguments& arguments_;
  const text::Tokenizer& tokenizer_;
  const vision::Vae& vae_;
  const text::LocalLanguageModel model_;
  const promptcap::PromptTemplate form_ = promptcap::PromptTemplate::load("local");
  fusion::QuestionPackWriter writer_;
  std::vector<Asked> waiting_;
  std::map<std::string, promptcap::FilterCount> counts_;
  std::vector<promptcap::Example> examples_;
  std::vector<vision::Image> example_pictures_;
  int64_t candidates_ = 0;
};

void pack(const PackQuestionsArguments& a) {
  check_writable(a.output, kSomeBytes);  // before the work, not after it
  if (!a.examples.empty()) check_writable(a.examples, kSomeBytes);
  const corpus::Corpus corpus = corpus::Corpus::open(a.corpus);
  const text::Tokenizer tokenizer = text::Tokenizer::load(a.text);
  const text::TextComponent judge = text::TextComponent::load(a.judge.empty() ? a.text : a.judge);
  const vision::Vae vae = vision::Vae::load(a.vae);
  Packer packer(a, tokenizer, judge, vae);
  const auto seed = static_cast<uint64_t>(a.seed);
  base::Progress progress("packing", a.scenes + a.pictures, "pictures");
  corpus::for_each_scene(corpus, seed, a.scenes, progress, [&](corpus::Scene scene) {
    Asked asked;
    for (const corpus::Question& question : scene.questions) asked.questions.push_back({question, promptcap::conditioned_captions(scene, question)});
    asked.image = std::move(scene.image);
    asked.caption = std::move(scene.caption);
    packer.add(std::move(asked));
  });
  // Single pictures: drawn among those for training, each as often as any other.
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i)
    if (corpus.picture(i).split == corpus::Split::train && corpus.weight(i) > 0) rows.push_back(i);
  for (int64_t i = 0; i < a.pictures; ++i, progress.advance()) {
    base::throw_if_cancelled();
    base::Random random(seed, 2, static_cast<uint64_t>(i));
    const int64_t row = rows[random.below(static_cast<int64_t>(rows.size()))];
    Asked asked;
    for (promptcap::AskedPicture& one : promptcap::picture_questions(corpus.picture(row), random)) asked.questions.push_back({std::move(one.question), std::move(one.captions)});
    asked.image = as_handed_over(corpus.pixels(row), base::Random(seed, 3, static_cast<uint64_t>(i)));
    asked.caption = corpus::caption(corpus.picture(row), random);
    packer.add(std::move(asked));
  }
  packer.flush();
  packer.write();
}

}  // namespace

void add_pack_questions_command(CLI::App& corpus) {
  auto a = std::make_shared<PackQuestionsArguments>();
  auto* command = corpus.add_subcommand("pack-questions", "Put pictures, questions, captions for them and answers into one file that the generator trains on");
  command->footer(
      "A caption is kept if the text model, which sees nothing else, answers rightly; the table says how many are.\n\n"
      "  atelier corpus pack-questions -o runs/questions.safetensors\n"
      "  atelier train fusion --pack runs/fusion.safetensors --questions runs/questions.safetensors");
  command->add_option("-o,--output", a->output, "File to write")->required();
  command->add_option("--corpus", a->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--vae", a->vae, "Autoencoder that makes the latents")->capture_default_str();
  command->add_option("--text", a->text, "Text model whose tokens are written")->capture_default_str();
  command->add_option("--judge", a->judge, "Text model that must answer from a caption, with our control symbols (default: the same)")->check(existing_folder());
  command->add_option("--scenes", a->scenes, "Composed scenes")->capture_default_str()->check(in_range(0, 10000000));
  command->add_option("--pictures", a->pictures, "Pictures of the corpus")->capture_default_str()->check(in_range(0, 10000000));
  command->add_flag("--no-filter", a->no_filter, "Keep every first caption, to see what the filter is worth");
  command->add_option("--examples", a->examples, "Also write a pool of in-context examples to this file (`atelier ask --examples`)");
  command->add_option("--example-count", a->shots, "How many of them")->capture_default_str()->check(in_range(1, 100000));
  command->add_option("--clip", a->clip, "CLIP that they are found with")->capture_default_str();
  command->add_option("--seed", a->seed, "Seed of scenes and questions")->capture_default_str()->check(not_negative());
  command->callback([a] { pack(*a); });
}

}  // namespace atelier::apps
#endif
