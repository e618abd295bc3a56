#include "apps/commands.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/files.h"
#include "fusion/train/fusion_trainer.h"

#include <memory>

namespace atelier::apps {
namespace {

struct FusionArguments {
  fusion::FusionTrainConfig config;
  fusion::FusionTrainOptions options;
  std::string config_file, samples;
};

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  const std::string text = base::read_file(path, 1 << 20);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

void add_train_fusion(CLI::App& train) {
  auto a = std::make_shared<FusionArguments>();
  a->config.optimizer.total_steps = 30000;
  a->config.optimizer.clip_norm = 5;  // lambda is 5
  a->options.text = "models/starter/text";
  a->options.vae = "models/starter/vae";
  a->options.run.folder = "runs/fusion";
  auto* command = train.add_subcommand("fusion", "Train the joint model: a frozen text tower, an image tower that learns to draw and to be described");
  command->footer(
      "The same command goes on with a run that was stopped, on any processor. metrics.jsonl and samples_*.png in the\n"
      "run's folder show how it does. On several machines: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT.\n\n"
      "  atelier corpus pack -o runs/fusion.safetensors\n"
      "  atelier train fusion --pack runs/fusion.safetensors --steps 30000 --export models/mine/fusion");
  const auto file = [&](const char* flag, std::filesystem::path& path, const char* help) {
    return command->add_option_function<std::string>(flag, [&path](const std::string& value) { path = value; }, help);
  };
  file("--pack", a->options.pack, "Latents and captions (`atelier corpus pack`)")->required()->check(existing_file());
  file("--questions", a->options.questions, "Questions about pictures (`atelier corpus pack-questions`)")->check(existing_file());
  file("--text", a->options.text, "Folder of the text model, which stays frozen (default models/starter/text)");
  file("--vae", a->options.vae, "Folder of the autoencoder for sample grids (default models/starter/vae)");
  file("--from", a->options.from, "Start a new run from the weights in this component folder, such as models/starter/fusion");
  file("--teacher", a->options.teacher, "Learn to draw as the weights in this component folder do, while learning the rest");
  file("--run", a->options.run.folder, "Folder of the run: checkpoint, metrics, samples (default runs/fusion)");
  file("--export", a->options.export_folder, "Write the averaged weights here when training ends");
  command->add_option("--samples", a->samples, "File of prompts, one a line, drawn at every validation")->check(existing_file());
  command->add_option("--config", a->config_file, "JSON with model, optimizer and loss; flags win over it")->check(existing_file());
  auto* steps = command->add_option("--steps", a->config.optimizer.total_steps, "Steps in all; the rate falls over the last 30 %")->capture_default_str();
  auto* batch = command->add_option("--batch", a->config.batch, "Pictures a step, over all ranks")->capture_default_str();
  auto* seed = command->add_option("--seed", a->config.seed, "Seed of every random draw")->capture_default_str();
  auto* documents = command->add_option("--documents", a->config.documents, "Retrieved documents before a picture: 0 to this many (the pack must hold neighbours)")->capture_default_str();
  auto* infill = command->add_option("--infill", a->config.infill, "Share of captions with masked spans")->capture_default_str()->check(in_range(0.0, 1.0));
  auto* questions = command->add_option("--question-share", a->config.questions, "Share of the batch that are such questions")->capture_default_str()->check(in_range(0.0, 1.0));
  auto* prediction = command->add_option("--prediction", a->config.model.prediction, "What the network predicts")->capture_default_str()->check(CLI::IsMember({"epsilon", "v", "flow"}));
  command->add_option("--minutes", a->options.run.minutes, "Stop after this long with a checkpoint; 0: train to the end")->capture_default_str()->check(not_negative());
  command->add_option("--validate-every", a->options.validate_every, "Steps between validations and sample grids")->capture_default_str()->check(positive());
  command->callback([a, steps, batch, seed, documents, infill, questions, prediction] {
    if (!a->config_file.empty()) {
      auto config = base::read_config<fusion::FusionTrainConfig>(std::filesystem::path(a->config_file));
      if (*steps) config.optimizer.total_steps = a->config.optimizer.total_steps;
      if (*batch) config.batch = a->config.batch;
      if (*seed) config.seed = a->config.seed;
      if (*documents) config.documents = a->config.documents;
      if (*infill) config.infill = a->config.infill;
      if (*questions) config.questions = a->config.questions;
      if (*prediction) config.model.prediction = a->config.model.prediction;
      a->config = config;
    }
    if (!a->samples.empty()) a->options.sample_prompts = read_lines(a->samples);
    fusion::train_fusion(a->config, a->options);
  });
}

}  // namespace atelier::apps
