/// Learning a byte-level BPE: the most frequent pair of neighbours becomes a token, again and again.
///
/// Counts are kept per pair and updated only where a merge happened, so that a merge costs what it changes and not the corpus.
#include "base/error.h"
#include "base/json.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_state.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

namespace atelier::text {
namespace {

using Pair = std::pair<TokenId, TokenId>;

struct PairHash {
  size_t operator()(const Pair& pair) const {
    const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(pair.first)) << 32 | static_cast<uint32_t>(pair.second);
    return (key ^ key >> 29) * 0x9E3779B97F4A7C15u >> 7;
  }
};

struct Word {
  std::vector<TokenId> tokens;
  int64_t count;
};

struct Entry {
  int64_t count;
  Pair pair;
  bool operator<(const Entry& other) const {  // more frequent first, then the older tokens: no tie is left to chance
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

class MergeLearner {
 public:
  explicit MergeLearner(std::vector<Word> words) : words_(std::move(words)) {
    for (size_t w = 0; w < words_.size(); ++w) {
      const auto& tokens = words_[w].tokens;
      for (size_t i = 0; i + 1 < tokens.size(); ++i) change({tokens[i], tokens[i + 1]}, words_[w].count, w);
    }
    for (const auto& [pair, count] : counts_) queue_.push({count, pair});
  }

  /// The most frequent pair that occurs at least `least` times; false if there is none.
  bool best(int64_t least, Pair& pair) {
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      const int64_t now = counts_[top.pair];
      if (now == top.count) {
        pair = top.pair;
        return now >= least;
      }
      queue_.pop();  // counts only fall behind our back: put it where it belongs now
      if (now > 0) queue_.push({now, top.pair});
    }
    return false;
  }

  void merge(Pair pair, TokenId merged) {
    const std::vector<size_t> where = std::move(words_with_[pair]);
    words_with_.erase(pair);
    std::unordered_set<Pair, PairHash> risen;
    for (const size_t w : where) {
      auto& [tokens, count] = words_[w];
      for (size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (Pair{tokens[i], tokens[i + 1]} != pair) continue;
        if (i > 0) {
          change({tokens[i - 1], tokens[i]}, -count, w);
          change({tokens[i - 1], merged}, count, w);
          risen.insert({tokens[i - 1], merged});
        }
        if (i + 2 < tokens.size()) {
          change({tokens[i + 1], tokens[i + 2]}, -count, w);
          change({merged, tokens[i + 2]}, count, w);
          risen.insert({merged, tokens[i + 2]});
        }
        tokens[i] = merged;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
    counts_.erase(pair);
    for (const Pair& one : risen) {
      if (const int64_t count = counts_[one]; count > 0) queue_.push({count, one});
    }
  }

  /// Takes a pair out for good.
  void forbid(Pair pair) { counts_[pair] = 0; }

 private:
  void change(Pair pair, int64_t by, size_t word) {
    counts_[pair] += by;
    if (by < 0) return;
    auto& list = words_with_[pair];
    if (list.empty() || list.back() != word) list.push_back(word);
  }

  std::vector<Word> words_;
  std::unordered_map<Pair, int64_t, PairHash> counts_;
  std::unordered_map<Pair, std::vector<size_t>, PairHash> words_with_;  // may name words that lost the pair since
  std::priority_queue<Entry> queue_;
};

}  // namespace

const std::vector<std::string>& control_symbols() {
  static const std::vector<std::string> symbols = [] {
    std::vector<std::string> list = {"<pad>", "<bos>", "<eos>", "<boi>", "<eoi>", "<doc>", "<img>", "<infill>"};
    for (int i = 0; i < 16; ++i) list.push_back(fmt::format("<mask:{}>", i));
    for (const char* name : {"<question>", "<answer>", "<caption>", "<think>", "<act>", "<obs>"}) list.emplace_back(name);
    for (int i = 0; i < 18; ++i) list.push_back(fmt::format("<reserved:{}>", i));
    return list;
  }();
  return symbols;
}

Tokenizer train_tokenizer(const std::function<bool(std::string& line)>& next_line, int64_t vocab_size,
                          const std::vector<std::string>& special) {
  const auto smallest = static_cast<int64_t>(special.size()) + 256;
  REQUIRE(vocab_size >= smallest && vocab_size <= 1 << 20, "the vocabulary must have {} (bytes and control symbols) to {} "
          "tokens, not {}", smallest, 1 << 20, vocab_size);

  auto state = std::make_unique<Tokenizer::State>();
  AddedTokenFinder symbols;
  for (const std::string& symbol : special) {
    REQUIRE(!symbol.empty(), "a control symbol is empty");
    state->added.push_back({static_cast<TokenId>(state->tokens.size()), symbol, true});
    state->tokens.push_back(symbol);
    symbols.add(symbol, state->added.back().id);
  }
  const auto first_byte = static_cast<TokenId>(state->tokens.size());
  for (int byte = 0; byte < 256; ++byte) state->tokens.push_back(byte_symbol(static_cast<unsigned char>(byte)));
  std::unordered_map<std::string, TokenId> ids;
  for (size_t id = 0; id < state->tokens.size(); ++id) {
    REQUIRE(ids.emplace(state->tokens[id], static_cast<TokenId>(id)).second, "the control symbol {} comes twice or is a byte",
            state->tokens[id]);
  }

  std::unordered_map<std::string, int64_t> pieces;
  int64_t lines = 0;
  for (std::string line; next_line(line);) {
    REQUIRE(base::is_utf8(line), "line {} of the training text is not valid UTF-8", lines + 1);
    const auto count = [&](std::string_view piece) { ++pieces[std::string(piece)]; };
    size_t from = 0;
    for (size_t at = 0; at < line.size();) {  // control symbols in the text stand between its words
      const size_t length = symbols.at(line, at).second;
      if (length > 0) {
        scan_own(std::string_view(line).substr(from, at - from), count);
        from = at + length;
      }
      at += std::max<size_t>(length, 1);
    }
    scan_own(std::string_view(line).substr(from), count);
    ++lines;
  }
  std::vector<Word> words;
  words.reserve(pieces.size());
  for (const auto& [piece, count] : pieces) {
    Word word{{}, count};
    for (const char c : piece) word.tokens.push_back(first_byte + static_cast<unsigned char>(c));
    words.push_back(std::move(word));
  }

  MergeLearner learner(std::move(words));
  for (Pair pair; static_cast<int64_t>(state->tokens.size()) < vocab_size && learner.best(2, pair);) {
    const std::string token = state->tokens[pair.first] + state->tokens[pair.second];
    // Text must never become a control symbol, and the same letters merged in another way are the token that is there.
    const auto [found, is_new] = ids.emplace(token, static_cast<TokenId>(state->tokens.size()));
    if (found->second < first_byte || token.size() > 256) {
      learner.forbid(pair);
      continue;
    }
    if (is_new) state->tokens.push_back(token);
    state->merges.push_back(pair);
    learner.merge(pair, found->second);
  }

  state->pretokenizer = Pretokenizer::read(split_by(kOwnPattern, "Isolated", false), "own tokenizer");
  state->index("own tokenizer");
  return Tokenizer(std::move(state));
}

}  // namespace atelier::text
