#include "apps/commands.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/progress.h"
#include "text/train/text_trainer.h"

#include <memory>

namespace atelier::apps {
namespace {

struct TokenizerArguments {
  std::string text, out = "tokenizer.json", pack;
  int64_t size = 8192;
};

struct PackArguments {
  std::string text, tokenizer, out = "text.safetensors";
};

void pack(const text::Tokenizer& tokenizer, const std::string& text, const std::string& out) {
  const text::PackCounts counts = text::pack_text(tokenizer, text::lines_of(text), out);
  base::say(fmt::format("{}: {} documents, {} of them for validation; {} tokens, {:.2f} bytes each", out, counts.documents,
                        counts.validation, counts.tokens, static_cast<double>(counts.bytes) / static_cast<double>(counts.tokens)));
}

void add_pack_text(CLI::App& train) {
  auto a = std::make_shared<PackArguments>();
  CLI::App* command = train.add_subcommand("pack-text", "Turn a text into tokens for `train text`");
  command->add_option("--text", a->text, "File of documents, one a line")->required()->check(existing_file());
  command->add_option("--tokenizer", a->tokenizer, "tokenizer.json")->required()->check(existing_path());
  command->add_option("-o,--output", a->out, "File to write")->capture_default_str();
  command->callback([a] { pack(text::Tokenizer::load(a->tokenizer), a->text, a->out); });
}

}  // namespace

void add_train_tokenizer(CLI::App& train) {
  auto a = std::make_shared<TokenizerArguments>();
  CLI::App* command = train.add_subcommand("tokenizer", "Learn a byte-level BPE vocabulary from a text");
  command->footer(
      "Control symbols such as <bos>, <boi> and <mask:0> come first and are never learnt from the text.\n\n"
      "  atelier train tokenizer --text corpus.txt -o tokenizer.json --pack text.safetensors");
  command->add_option("--text", a->text, "File of documents, one a line")->required()->check(existing_file());
  command->add_option("--size", a->size, "Tokens, the 256 bytes and the control symbols included")->capture_default_str();
  command->add_option("-o,--output", a->out, "File to write")->capture_default_str();
  command->add_option("--pack", a->pack, "Also write the text as tokens (as `train pack-text` does)");
  command->callback([a] {
    check_writable(a->out, kSomeBytes);  // before the work, not after it
    if (!a->pack.empty()) check_writable(a->pack, kSomeBytes);
    const text::Tokenizer tokenizer = text::train_tokenizer(text::lines_of(a->text), a->size, text::control_symbols());
    tokenizer.save(a->out);
    base::say(fmt::format("{}: {} tokens", a->out, tokenizer.size()));
    if (!a->pack.empty()) pack(tokenizer, a->text, a->pack);
  });
  add_pack_text(train);
}

void add_train_text(CLI::App& train) {
  struct TrainTextArguments {
    text::TextTrainConfig config;
    text::TextTrainOptions options;
    std::string config_file;
  };
  auto a = std::make_shared<TrainTextArguments>();
  a->options.run.folder = "runs/text";
  CLI::App* command = train.add_subcommand("text", "Train the text tower, a small language model that can also fill masks");
  command->footer(
      "The same command goes on with a run that was stopped. metrics.jsonl in the run's folder shows how it does.\n\n"
      "  atelier train tokenizer --text corpus.txt -o runs/tokenizer.json --pack runs/text.safetensors\n"
      "  atelier train text --pack runs/text.safetensors --tokenizer runs/tokenizer.json --export models/mine/text");
  command->add_option("--pack", a->options.pack, "Packed text (`atelier train pack-text`)")->required()->check(existing_file());
  command->add_option("--tokenizer", a->options.tokenizer, "The tokenizer.json that packed it")->required()->check(existing_path());
  command->add_option("--from", a->options.from, "Start a new run from the weights in this component folder, such as models/starter/text")->check(existing_folder());
  command->add_option("--run", a->options.run.folder, "Folder of the run: checkpoint and metrics")->capture_default_str();
  command->add_option("--export", a->options.export_folder, "Write the averaged weights here when training ends");
  command->add_option("--config", a->config_file, "JSON with model, optimizer and data; flags win over it")->check(existing_file());
  CLI::Option* steps = command->add_option("--steps", a->config.optimizer.total_steps, "Steps in all; the rate falls over the last 30 %")->capture_default_str();
  CLI::Option* batch = command->add_option("--batch", a->config.batch, "Documents a step")->capture_default_str();
  CLI::Option* seed = command->add_option("--seed", a->config.seed, "Seed of every random draw")->capture_default_str();
  CLI::Option* context = command->add_option("--context", a->config.context, "Tokens of a document at most; what is longer is cut")->capture_default_str();
  CLI::Option* masked = command->add_option("--masked", a->config.masked_share, "Share of the documents with masked spans")->capture_default_str()->check(in_range(0.0, 1.0));
  CLI::Option* given = command->add_option("--given", a->config.given, "Control symbols after which text is read but not learnt, such as \"<question>,<obs>\"")->delimiter(',');
  command->add_option("--minutes", a->options.run.minutes, "Stop after this long with a checkpoint; 0: train to the end")->capture_default_str();
  command->callback([a, steps, batch, seed, context, masked, given] {
    if (!a->config_file.empty()) {
      auto config = base::read_config<text::TextTrainConfig>(std::filesystem::path(a->config_file));
      if (*steps) config.optimizer.total_steps = a->config.optimizer.total_steps;
      if (*batch) config.batch = a->config.batch;
      if (*seed) config.seed = a->config.seed;
      if (*context) config.context = a->config.context;
      if (*masked) config.masked_share = a->config.masked_share;
      if (*given) config.given = a->config.given;
      a->config = config;
    }
    REQUIRE(a->config.optimizer.total_steps >= 1, "steps must be 1 or more, not {}", a->config.optimizer.total_steps);
    REQUIRE(a->config.batch >= 1 && a->config.batch <= 1 << 16, "batch must be 1 to 65536, not {}", a->config.batch);
    REQUIRE(a->config.seed >= 0, "seed must be 0 or more, not {}", a->config.seed);
    text::train_text(a->config, a->options);
  });
}

}  // namespace atelier::apps
