#include "apps/commands.h"
#include "apps/usage.h"
#include "base/error.h"
#include "retrieval/train/clip_trainer.h"

#include <memory>

namespace atelier::apps {
namespace {

struct ClipArguments {
  retrieval::ClipTrainConfig config;
  retrieval::ClipTrainOptions options;
  std::string config_file;
};

}  // namespace

void add_train_clip(CLI::App& train) {
  auto a = std::make_shared<ClipArguments>();
  a->options.text = "models/starter/text";
  a->options.run.folder = "runs/clip";
  auto* command = train.add_subcommand("clip", "Train CLIP: pictures and texts as vectors of one space, by which the memory finds them");
  command->footer(
      "The same command goes on with a run that was stopped, on any processor. metrics.jsonl in the run's folder shows how\n"
      "well held-out pictures are found by their captions and named.\n\n"
      "  atelier corpus pack-clip -o runs/clip.safetensors\n"
      "  atelier train clip --pack runs/clip.safetensors --steps 3000 --export models/mine/clip");
  const auto file = [&](const char* flag, std::filesystem::path& path, const char* help) {
    return command->add_option_function<std::string>(flag, [&path](const std::string& value) { path = value; }, help);
  };
  file("--pack", a->options.pack, "Pictures and captions (`atelier corpus pack-clip`)")->required()->check(existing_file());
  file("--text", a->options.text, "Folder with the pack's tokenizer; words start as its text model knows them (default models/starter/text)");
  file("--from", a->options.from, "Start a new run from the weights in this component folder, such as models/starter/clip")->check(existing_folder());
  file("--run", a->options.run.folder, "Folder of the run: checkpoint, metrics (default runs/clip)");
  file("--export", a->options.export_folder, "Write the averaged weights here when training ends");
  command->add_option("--config", a->config_file, "JSON with model, optimizer and batch; flags win over it")->check(existing_file());
  auto* steps = command->add_option("--steps", a->config.optimizer.total_steps, "Steps in all; the rate falls over the last half")->capture_default_str();
  auto* batch = command->add_option("--batch", a->config.batch, "Pictures that a step tells apart")->capture_default_str();
  auto* seed = command->add_option("--seed", a->config.seed, "Seed of every random draw")->capture_default_str();
  command->add_option("--minutes", a->options.run.minutes, "Stop after this long with a checkpoint; 0: train to the end")->capture_default_str()->check(not_negative());
  command->add_option("--validate-every", a->options.validate_every, "Steps between validations")->capture_default_str()->check(positive());
  command->callback([a, steps, batch, seed] {
    if (!a->config_file.empty()) {
      auto config = base::read_config<retrieval::ClipTrainConfig>(std::filesystem::path(a->config_file));
      if (*steps) config.optimizer.total_steps = a->config.optimizer.total_steps;
      if (*batch) config.batch = a->config.batch;
      if (*seed) config.seed = a->config.seed;
      a->config = config;
    }
    REQUIRE(a->config.batch >= 2 && a->config.batch <= 65536, "--batch must be 2 to 65536, not {}", a->config.batch);
    REQUIRE(a->config.optimizer.total_steps >= 1, "--steps must be at least 1, not {}", a->config.optimizer.total_steps);
    REQUIRE(a->config.seed >= 0, "--seed must be 0 or more, not {}", a->config.seed);
    retrieval::train_clip(a->config, a->options);
  });
}

}  // namespace atelier::apps
