#include "text/generate.h"

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace atelier::text {
namespace {

using base::json;

Tensor as_tensor(const std::vector<TokenId>& ids) {
  Tensor tensor = at::empty({static_cast<int64_t>(ids.size())}, at::kLong);
  std::copy(ids.begin(), ids.end(), tensor.data_ptr<int64_t>());
  return tensor;
}

void check_lengths(const TextModel& model, const std::vector<TokenId>& prompt, int64_t max_new_tokens) {
  const int64_t positions = model.config().max_position_embeddings, given = static_cast<int64_t>(prompt.size());
  REQUIRE(!prompt.empty(), "the prompt is empty");
  REQUIRE(max_new_tokens >= 1 && max_new_tokens <= positions, "max-tokens must be 1 to {}, not {}", positions, max_new_tokens);
  REQUIRE(given + max_new_tokens <= positions, "{} tokens of prompt and {} new ones are more than the model's {} positions",
          given, max_new_tokens, positions);
  for (const TokenId id : prompt) REQUIRE(id >= 0 && id < model.config().vocab_size, "token {} is beyond the model's vocabulary", id);
}

/// A token id, a list of them, or none.
void add_ids(const json& document, const char* name, const Tokenizer& tokenizer, std::vector<TokenId>& ids, const std::string& where) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return;
  for (const json& id : found->is_array() ? *found : json::array({*found})) {
    CHECK_FILE(id.is_number_integer() && id >= 0 && id < tokenizer.size(), where, "{} must be ids 0 to {}", name,
               tokenizer.size() - 1);
    ids.push_back(id.get<TokenId>());
  }
}

}  // namespace

std::vector<TokenId> generate(const TextModel& model, const std::vector<TokenId>& prompt, const GenerateConfig& config,
                              const std::function<bool(TokenId)>& on_token) {
  check_lengths(model, prompt, config.max_new_tokens);
  const c10::InferenceMode guard;
  const at::Device device = base::compute().device;
  const auto given = static_cast<int64_t>(prompt.size());
  KvCache cache;
  cache.reserve(model.config(), 1, given + config.max_new_tokens);
  Tensor sequence = at::empty({given + config.max_new_tokens}, at::kLong);
  sequence.narrow(0, 0, given).copy_(as_tensor(prompt));

  std::vector<TokenId> tokens;
  int64_t known = 0;  // tokens that the cache holds
  while (static_cast<int64_t>(tokens.size()) < config.max_new_tokens) {
    base::throw_if_cancelled();
    const int64_t length = given + static_cast<int64_t>(tokens.size());
    const Tensor fresh = sequence.narrow(0, known, length - known).unsqueeze(0).to(device);      // (1, tokens)
    const Tensor hidden = model.forward(fresh, cache).slice(1, -1);                              // (1, 1, hidden)
    known = length;
    const Tensor logits = model.logits(hidden).view({-1}).to(at::kCPU);                          // (vocab)
    base::Random random(config.seed, static_cast<uint64_t>(tokens.size()));
    const auto token = static_cast<TokenId>(sample_token(logits, sequence.narrow(0, 0, length), config.sampling, random));
    sequence[length] = token;
    tokens.push_back(token);
    if (on_token && !on_token(token)) break;
    if (std::find(config.stop.begin(), config.stop.end(), token) != config.stop.end()) break;
  }
  return tokens;
}

TextComponent TextComponent::load(const std::filesystem::path& folder) {
  TextComponent component{Tokenizer::load(folder), TextModel::load(folder), {}, {}};
  const LlamaConfig& config = component.model.config();
  const std::string where = folder.string();
  CHECK_FILE(component.tokenizer.size() <= config.vocab_size, where, "the tokenizer has {} tokens, the model {}",
             component.tokenizer.size(), config.vocab_size);
  for (const char* name : {"generation_config.json", "config.json"}) {
    if (!std::filesystem::exists(folder / name)) continue;
    const json document = base::read_json(folder / name);
    CHECK_FILE(document.is_object(), (folder / name).string(), "must be a JSON object");
    // Llama's tokenizers put bos in front of every text, Qwen2's have none.
    if (component.begin.empty() && config.model_type == "llama") add_ids(document, "bos_token_id", component.tokenizer, component.begin, where);
    if (component.end.empty()) add_ids(document, "eos_token_id", component.tokenizer, component.end, where);
  }
  return component;
}

}  // namespace atelier::text
