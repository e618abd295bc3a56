/// Reading and writing Hugging Face's tokenizer.json, and reading the older pair vocab.json + merges.txt.
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "text/tokenizer_state.h"

#include <algorithm>
#include <set>

namespace atelier::text {

using base::json;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kMaxTokens = int64_t{1} << 20;
constexpr size_t kMaxMerges = size_t{1} << 21;
constexpr size_t kMaxTokenBytes = 4096;
constexpr base::JsonLimits kLimits{.depth = 16, .bytes = size_t{96} << 20};

const json& member(const json& document, const char* name, const std::string& where) {
  CHECK_FILE(document.is_object() && document.contains(name), where, "{} is missing", name);
  return document[name];
}

/// A member that may be missing or null.
template <class T>
T optional(const json& document, const char* name, T otherwise, const std::string& where) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return otherwise;
  if constexpr (std::is_same_v<T, bool>) {
    CHECK_FILE(found->is_boolean(), where, "{} must be true or false", name);
  } else {
    CHECK_FILE(found->is_string(), where, "{} must be a text", name);
  }
  return found->get<T>();
}

TokenId token_id(const json& value, std::string_view token, const std::string& where) {
  CHECK_FILE(value.is_number_integer(), where, "the id of {} is no integer", token);
  // Values beyond int64 are stored unsigned and would wrap.
  const bool fits = !value.is_number_unsigned() || value.get<uint64_t>() < static_cast<uint64_t>(kMaxTokens);
  CHECK_FILE(fits && value.get<int64_t>() >= 0 && value.get<int64_t>() < kMaxTokens, where,
             "the id of {} must be 0 to {}, not {}", token, kMaxTokens - 1, value.dump());
  return value.get<TokenId>();
}

void put_token(std::vector<std::string>& tokens, TokenId id, const std::string& token, const std::string& where) {
  CHECK_FILE(!token.empty() && token.size() <= kMaxTokenBytes, where, "token {} has {} bytes; 1 to {} are accepted", id,
             token.size(), kMaxTokenBytes);
  if (static_cast<size_t>(id) >= tokens.size()) tokens.resize(id + 1);
  CHECK_FILE(tokens[id].empty() || tokens[id] == token, where, "id {} belongs to {} and to {}", id, tokens[id], token);
  tokens[id] = token;
}

/// Tokens by id, and the ids by token.
std::unordered_map<std::string, TokenId> read_vocabulary(const json& vocabulary, std::vector<std::string>& tokens,
                                                         const std::string& where) {
  CHECK_FILE(vocabulary.is_object() && !vocabulary.empty(), where, "vocab must be an object of tokens and ids");
  CHECK_FILE(static_cast<int64_t>(vocabulary.size()) <= kMaxTokens, where, "vocab has {} tokens, at most {} are accepted",
             vocabulary.size(), kMaxTokens);
  std::unordered_map<std::string, TokenId> ids;
  for (const auto& [token, value] : vocabulary.items()) {
    const TokenId id = token_id(value, token, where);
    CHECK_FILE(static_cast<size_t>(id) >= tokens.size() || tokens[id].empty(), where, "id {} belongs to {} and to {}", id,
               tokens[id], token);
    put_token(tokens, id, token, where);
    ids.emplace(token, id);
  }
  return ids;
}

class MergeReader {
 public:
  MergeReader(const std::unordered_map<std::string, TokenId>& ids, std::vector<std::pair<TokenId, TokenId>>& merges,
              const std::string& where)
      : ids_(ids), merges_(merges), where_(where) {}

  void add(const std::string& left, const std::string& right) {
    CHECK_FILE(merges_.size() < kMaxMerges, where_, "more than {} merges", kMaxMerges);
    const auto first = ids_.find(left), second = ids_.find(right);
    CHECK_FILE(first != ids_.end() && second != ids_.end(), where_, "merge {} names {}, which is no token", merges_.size(),
               first == ids_.end() ? left : right);
    merges_.emplace_back(first->second, second->second);
  }

  void add(const std::string& both) {
    const size_t space = both.find(' ');
    CHECK_FILE(space != std::string::npos && space > 0 && space + 1 < both.size() && both.find(' ', space + 1) == both.npos,
               where_, "merge {} must be two tokens with a space between them", merges_.size());
    add(both.substr(0, space), both.substr(space + 1));
  }

 private:
  const std::unordered_map<std::string, TokenId>& ids_;
  std::vector<std::pair<TokenId, TokenId>>& merges_;
  const std::string& where_;
};

std::vector<AddedToken> read_added(const json& document, std::vector<std::string>& tokens, const std::string& where) {
  std::vector<AddedToken> added;
  const auto found = document.find("added_tokens");
  if (found == document.end() || found->is_null()) return added;
  CHECK_FILE(found->is_array() && static_cast<int64_t>(found->size()) <= kMaxTokens, where, "added_tokens must be a list");
  std::set<std::string> seen;
  for (const json& entry : *found) {
    CHECK_FILE(entry.is_object(), where, "added_tokens must hold objects");
    const json& content = member(entry, "content", where);
    CHECK_FILE(content.is_string(), where, "the content of an added token must be a text");
    AddedToken token{0, content.get<std::string>(), optional(entry, "special", false, where)};
    token.id = token_id(member(entry, "id", where), token.content, where);
    CHECK_FILE(seen.insert(token.content).second, where, "the added token {} comes twice", token.content);
    for (const char* name : {"single_word", "lstrip", "rstrip"}) {
      CHECK_FILE(!optional(entry, name, false, where), where, "the added token {} uses {}, which is not supported",
                 token.content, name);
    }
    put_token(tokens, token.id, token.content, where);
    added.push_back(std::move(token));
  }
  return added;
}

/// Options of the BPE model that would change ids and that byte-level vocabularies do not use.
void refuse_unsupported(const json& model, const std::string& where) {
  CHECK_FILE(optional(model, "type", std::string("BPE"), where) == "BPE", where, "the model must be BPE, not {}",
             model["type"].dump());
  CHECK_FILE(!optional(model, "byte_fallback", false, where), where, "byte_fallback is not supported; only byte-level BPE is");
  CHECK_FILE(optional(model, "continuing_subword_prefix", std::string(), where).empty(), where,
             "continuing_subword_prefix is not supported");
  const auto dropout = model.find("dropout");
  CHECK_FILE(dropout == model.end() || dropout->is_null() || *dropout == 0, where, "dropout is not supported");
}

json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

void read_lines(const fs::path& path, const std::function<void(std::string&&)>& line) {
  const std::string text = base::read_file(path, kLimits.bytes);
  CHECK_FILE(base::is_utf8(text), path.string(), "is not valid UTF-8");
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string one = text.substr(at, end - at);
    if (one.ends_with('\r')) one.pop_back();
    if (!one.empty()) line(std::move(one));
    at = end + 1;
  }
}

}  // namespace

json split_by(std::string_view pattern, const char* behavior, bool invert) {
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", invert}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, byte_level(false)}}};
}

/// vocab.json + merges.txt say nothing about normalisation or patterns: a vocabulary whose words end in "</w>" is CLIP's,
/// any other is GPT-2's.
static void read_pair(const fs::path& folder, std::vector<std::string>& tokens,
                      std::vector<std::pair<TokenId, TokenId>>& merges, std::vector<AddedToken>& added, bool& clip) {
  const std::string vocabulary = (folder / "vocab.json").string(), list = (folder / "merges.txt").string();
  const auto ids = read_vocabulary(base::read_json(vocabulary, kLimits), tokens, vocabulary);
  clip = ids.contains("a</w>");
  MergeReader reader(ids, merges, list);
  bool first = true;
  read_lines(list, [&](std::string&& line) {
    if (!(first && line.starts_with("#version"))) reader.add(line);
    first = false;
  });
  for (const char* name : {"<|startoftext|>", "<|endoftext|>"}) {
    if (const auto found = ids.find(name); found != ids.end()) added.push_back({found->second, name, true});
  }
}

Tokenizer Tokenizer::load(const fs::path& path) {
  auto state = std::make_unique<State>();
  fs::path file = path;
  if (fs::is_directory(path)) {
    file = path / "tokenizer.json";
    if (!fs::exists(file) && fs::exists(path / "vocab.json") && fs::exists(path / "merges.txt")) {
      bool clip = false;
      read_pair(path, state->tokens, state->merges, state->added, clip);
      const std::string where = path.string();
      json clean_up = nullptr;
      if (clip) {
        state->suffix = "</w>";
        clean_up = {{"type", "Sequence"},
                    {"normalizers",
                     {{{"type", "NFC"}},
                      {{"type", "Replace"}, {"pattern", {{"Regex", "\\s+"}}}, {"content", " "}},
                      {{"type", "Lowercase"}}}}};
      }
      state->normalizer = Normalizer::read(clean_up, where);
      state->pretokenizer = Pretokenizer::read(clip ? split_by(kClipPattern, "Removed", true) : byte_level(true), where);
      state->index(where);
      return Tokenizer(std::move(state));
    }
  }

  const std::string where = file.string();
  const json document = base::read_json(file, kLimits);
  const json& model = member(document, "model", where);
  CHECK_FILE(model.is_object(), where, "model must be an object");
  refuse_unsupported(model, where);
  state->ignore_merges = optional(model, "ignore_merges", false, where);
  state->suffix = optional(model, "end_of_word_suffix", std::string(), where);
  CHECK_FILE(state->suffix.size() <= 16, where, "end_of_word_suffix has more than 16 bytes");

  const auto ids = read_vocabulary(member(model, "vocab", where), state->tokens, where);
  const json& merges = member(model, "merges", where);
  CHECK_FILE(merges.is_array(), where, "merges must be a list");
  MergeReader reader(ids, state->merges, where);
  for (const json& merge : merges) {
    if (merge.is_string()) {
      reader.add(merge.get<std::string>());
    } else {
      CHECK_FILE(merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string(), where,
                 "merge {} must be \"a b\" or [\"a\", \"b\"]", state->merges.size());
      reader.add(merge[0].get<std::string>(), merge[1].get<std::string>());
    }
  }
  state->added = read_added(document, state->tokens, where);
  const auto part = [&](const char* name) { return document.contains(name) ? document[name] : json(nullptr); };
  state->normalizer = Normalizer::read(part("normalizer"), where);
  state->pretokenizer = Pretokenizer::read(part("pre_tokenizer"), where);
  state->index(where);
  return Tokenizer(std::move(state));
}

void Tokenizer::save(const fs::path& path) const {
  json vocabulary = json::object(), merges = json::array(), added = json::array();
  for (size_t id = 0; id < state_->tokens.size(); ++id) {
    if (!state_->tokens[id].empty()) vocabulary[state_->tokens[id]] = id;
  }
  for (const auto& [left, right] : state_->merges) merges.push_back(state_->tokens[left] + " " + state_->tokens[right]);
  for (const AddedToken& token : state_->added) {
    added.push_back({{"id", token.id}, {"content", token.content}, {"single_word", false}, {"lstrip", false},
                     {"rstrip", false}, {"normalized", false}, {"special", token.special}});
  }
  const json suffix = state_->suffix.empty() ? json(nullptr) : json(state_->suffix);
  base::write_json(path, {{"version", "1.0"},
                          {"truncation", nullptr},
                          {"padding", nullptr},
                          {"added_tokens", added},
                          {"normalizer", state_->normalizer.write()},
                          {"pre_tokenizer", state_->pretokenizer.write()},
                          {"post_processor", nullptr},
                          {"decoder", byte_level(true)},
                          {"model",
                           {{"type", "BPE"},
                            {"dropout", nullptr},
                            {"unk_token", nullptr},
                            {"continuing_subword_prefix", nullptr},
                            {"end_of_word_suffix", suffix},
                            {"fuse_unk", false},
                            {"byte_fallback", false},
                            {"ignore_merges", state_->ignore_merges},
                            {"vocab", vocabulary},
                            {"merges", merges}}}});
}

}  // namespace atelier::text
