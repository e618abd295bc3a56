#ifndef ATELIER_CORE_ONLY  // the corpus is built with more than the core has
#include "apps/commands.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "promptcap/data/name_training.h"

#include <memory>

namespace atelier::apps {

void add_train_names(CLI::App& train) {
  struct NamesArguments {
    std::string corpus = corpus::default_folder().string(), output;
    promptcap::NameTrainingOptions options;
    int64_t seed = 21;
  };
  auto a = std::make_shared<NamesArguments>();
  CLI::App* command = train.add_subcommand("names", "Learn what things are called: a linear classifier of how they look");
  command->footer(
      "Things are cut out of composed scenes as captions find them; beside them stand single pictures.\n\n"
      "  atelier train names --export models/mine/names");
  command->add_option("--export", a->output, "Component folder to write")->required();
  command->add_option("--corpus", a->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--scenes", a->options.scenes, "Composed scenes")->capture_default_str()->check(in_range(0, 1000000));
  command->add_option("--pictures", a->options.pictures, "Single pictures at most: emoji and one-colour icons")->capture_default_str()->check(in_range(0, 1000000));
  command->add_option("--seed", a->seed, "Seed of scenes and of the choice of pictures")->capture_default_str()->check(not_negative());
  command->callback([a] {
    a->options.seed = static_cast<uint64_t>(a->seed);
    promptcap::train_names(corpus::Corpus::open(a->corpus), a->options, a->output);
  });
}

}  // namespace atelier::apps
#endif
