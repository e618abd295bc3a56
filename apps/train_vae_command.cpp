#include "apps/commands.h"
#include "apps/usage.h"

#include "base/error.h"
#include "vision/train/vae_trainer.h"

#include <memory>

namespace atelier::apps {

void add_train_vae(CLI::App& train) {
  auto options = std::make_shared<vision::VaeTrainOptions>();
  options->run = "runs/vae";
  auto* command = train.add_subcommand("vae", "Train the autoencoder between pictures and latents");
  command->footer(
      "The same command goes on with a run that was stopped. metrics.jsonl and reconstructions.png in the run's folder\n"
      "show how it does. About 8,000 steps of 16 pictures make a good one.\n\n"
      "  atelier train vae --pictures ~/.cache/atelier/corpus/pictures.safetensors --export models/mine/vae");
  command->add_option("--pictures", options->pictures, "pictures.safetensors of the corpus (`atelier corpus build`)")
      ->required()
      ->check(existing_file());
  command->add_option("--from", options->from,
                      "Train only the decoder of this component folder further, such as models/starter/vae: what knows its latents stays good")
      ->check(existing_folder());
  command->add_option("--run", options->run, "Folder of the run: checkpoint, metrics, sheet")
      ->capture_default_str();
  command->add_option("--steps", options->config.optimizer.total_steps, "Steps in all; the rate falls over the last 40 %")
      ->capture_default_str();
  command->add_option("--minutes", options->minutes, "Stop after this long with a checkpoint; 0: train to the end")
      ->capture_default_str();
  command->add_option("--batch", options->config.batch, "Pictures a step")
      ->capture_default_str();
  command->add_option("--seed", options->config.seed, "Seed of every random draw")
      ->capture_default_str();
  command->add_option("--export", options->export_folder, "Write the averaged weights here when training ends");
  command->callback([options] {
    REQUIRE(options->minutes >= 0, "--minutes must be 0 or more, not {}", options->minutes);
    vision::train_vae(*options);
  });
}

}  // namespace atelier::apps
