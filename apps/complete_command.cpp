#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/json.h"
#include "text/cm3.h"
#include "text/generate.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace atelier::apps {
namespace {

constexpr size_t kPromptBytes = 64 << 10;
constexpr std::string_view kMask = "<mask>";

struct CompleteArguments {
  std::string prompt, model;
  text::GenerateConfig config;
  int64_t seed = 0;
};

/// Prints bytes as they come, but never half of a character.
class Printer {
 public:
  void print(std::string_view bytes) {
    pending_ += bytes;
    size_t whole = pending_.size();
    for (size_t back = 1; back <= std::min<size_t>(4, pending_.size()); ++back) {
      const auto byte = static_cast<unsigned char>(pending_[pending_.size() - back]);
      if ((byte & 0xC0) == 0x80) continue;
      const size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
      if (length > back) whole = pending_.size() - back;
      break;
    }
    std::fwrite(pending_.data(), 1, whole, stdout);
    std::fflush(stdout);
    pending_.erase(0, whole);
  }
  /// What was cut short becomes U+FFFD.
  void finish() {
    std::fputs(pending_.empty() ? "\n" : "\xEF\xBF\xBD\n", stdout);
    pending_.clear();
  }

 private:
  std::string pending_;
};

void continue_text(const text::TextComponent& text, const CompleteArguments& a, text::GenerateConfig config) {
  std::vector<text::TokenId> prompt = text.begin;
  const auto ids = text.tokenizer.encode(a.prompt);
  prompt.insert(prompt.end(), ids.begin(), ids.end());
  REQUIRE(!prompt.empty(), "there is no prompt; give a text to continue, such as \"an apple is\"");
  Printer printer;
  bool first = true;
  text::generate(text.model, prompt, config, [&](text::TokenId id) {
    if (std::exchange(first, false)) printer.print(a.prompt);  // not before it is known to fit
    printer.print(text.tokenizer.decode({id}));
    return true;
  });
  printer.finish();
}

/// CM3's form: "a <mask:0> apple <mask:0>" is continued with what the mask stands for, up to the next mask or the end.
void fill_masks(const text::TextComponent& text, const CompleteArguments& a, text::GenerateConfig config) {
  REQUIRE(text.tokenizer.contains("<mask:0>"), "this model has no <mask:0> in its vocabulary and cannot fill masks");
  const auto symbols = text::SpanSymbols::of(text.tokenizer);
  std::vector<text::TokenId> sequence;  // without what stands before every text
  std::vector<bool> space_before;       // of each mask
  int64_t masks = 0;
  for (size_t at = 0; at <= a.prompt.size();) {
    const size_t mask = std::min(a.prompt.find(kMask, at), a.prompt.size());
    std::string_view between = std::string_view(a.prompt).substr(at, mask - at);
    // Words carry the space before them, so one before a mask belongs to its filling, as in training.
    const bool space = mask < a.prompt.size() && between.ends_with(' ');
    if (space) between.remove_suffix(1);
    const auto ids = text.tokenizer.encode(between);
    sequence.insert(sequence.end(), ids.begin(), ids.end());
    if (mask == a.prompt.size()) break;
    space_before.push_back(space);
    REQUIRE(masks < text::kMaxSpans, "a text may have {} masks, not more", text::kMaxSpans);
    sequence.push_back(symbols.first_mask + static_cast<text::TokenId>(masks++));
    at = mask + kMask.size();
  }
  for (int64_t k = 0; k < text::kMaxSpans; ++k) config.stop.push_back(symbols.first_mask + static_cast<text::TokenId>(k));
  for (int64_t k = 0; k < masks; ++k) {
    sequence.push_back(symbols.first_mask + static_cast<text::TokenId>(k));
    std::vector<text::TokenId> prompt = text.begin;
    prompt.insert(prompt.end(), sequence.begin(), sequence.end());
    config.seed = static_cast<uint64_t>(a.seed + k);
    std::vector<text::TokenId> filling = text::generate(text.model, prompt, config);
    if (!filling.empty() && std::find(config.stop.begin(), config.stop.end(), filling.back()) != config.stop.end()) filling.pop_back();
    if (space_before[k] && !filling.empty() && !text.tokenizer.decode(filling).starts_with(' ')) {
      const auto space = text.tokenizer.encode(" ");
      sequence.insert(sequence.end(), space.begin(), space.end());
    }
    sequence.insert(sequence.end(), filling.begin(), filling.end());
  }
  Printer printer;
  printer.print(text.tokenizer.decode(text::restore_spans(sequence, symbols)));
  printer.finish();
}

void run_complete(const CompleteArguments& a) {
  REQUIRE(a.prompt.size() <= kPromptBytes, "the prompt has {} bytes; at most {} are accepted", a.prompt.size(), kPromptBytes);
  REQUIRE(base::is_utf8(a.prompt), "the prompt is not valid UTF-8");
  REQUIRE(a.seed >= 0, "seed must be 0 or more, not {}", a.seed);
  const std::filesystem::path folder = a.model.empty() ? default_model_folder() / "text" : std::filesystem::path(a.model);
  const text::TextComponent text = text::TextComponent::load(folder);
  text::GenerateConfig config = a.config;
  config.stop = text.end;
  config.seed = static_cast<uint64_t>(a.seed);
  if (a.prompt.find(kMask) != a.prompt.npos) {
    fill_masks(text, a, std::move(config));
  } else {
    continue_text(text, a, std::move(config));
  }
}

}  // namespace

void add_complete_command(CLI::App& app) {
  auto a = std::make_shared<CompleteArguments>();
  a->config.max_new_tokens = 64;
  a->config.sampling = {.temperature = 0.8, .top_p = 0.95};
  CLI::App* command = app.add_subcommand("complete", "Continue a text, or fill its <mask>s");
  command->footer(
      "The whole text goes to stdout. The same seed gives the same text.\n\n"
      "  atelier complete \"an apple is\"\n"
      "  atelier complete \"a <mask> apple, noto style\" --temperature 0\n"
      "  atelier complete \"Once upon a time\" --model ~/models/SmolLM2-135M");
  command->add_option("prompt", a->prompt, "The text's beginning, or a text with <mask> where something is missing")->required();
  command->add_option("-m,--model", a->model, "Folder of a text model, ours or Hugging Face's of the Llama or Qwen2 family (default: the starter model's)")
      ->check(existing_folder());
  command->add_option("--max-tokens", a->config.max_new_tokens, "Stop after this many new tokens, for each mask")->capture_default_str();
  command->add_option("--temperature", a->config.sampling.temperature, "0: always the most probable token")->capture_default_str()->check(in_range(0.0, 100.0));
  command->add_option("--top-k", a->config.sampling.top_k, "Only the k most probable tokens; 0: all")->capture_default_str()->check(in_range(0, 1 << 20));
  command->add_option("--top-p", a->config.sampling.top_p, "Only the most probable tokens that together have this probability")->capture_default_str()->check(in_range(1e-6, 1.0));
  command->add_option("--min-p", a->config.sampling.min_p, "Only tokens at least this probable, relative to the most probable one")->capture_default_str()->check(in_range(0.0, 1.0));
  command->add_option("--repetition-penalty", a->config.sampling.repetition_penalty, "Above 1: against what the text holds already")->capture_default_str()->check(in_range(0.01, 100.0));
  command->add_option("-s,--seed", a->seed, "Seed of the draws")->capture_default_str();
  command->callback([a] { run_complete(*a); });
}

}  // namespace atelier::apps
