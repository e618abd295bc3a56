#include "text/tokenizer.h"

#include "base/error.h"
#include "base/json.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_state.h"

#include <queue>

namespace atelier::text {
namespace {

uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

/// A merge that may be done: of the symbol at `left` with its neighbour, while both are still `pair`.
struct Candidate {
  int32_t rank;
  int32_t left;
  uint64_t pair;
  bool operator<(const Candidate& other) const {  // std::priority_queue pops the greatest
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

struct Symbol {
  TokenId id;
  int32_t previous, next;  // -1 at the ends
};

}  // namespace

void AddedTokenFinder::add(std::string_view content, TokenId id) {
  uint32_t node = 0;
  for (const char c : content) {
    const auto [found, is_new] = next_.try_emplace(uint64_t{node} << 8 | static_cast<unsigned char>(c), nodes_);
    if (is_new) ++nodes_;
    node = found->second;
  }
  ends_[node] = id;
}

std::pair<TokenId, size_t> AddedTokenFinder::at(std::string_view text, size_t at) const {
  std::pair<TokenId, size_t> longest{0, 0};
  uint32_t node = 0;
  for (size_t i = at; i < text.size(); ++i) {
    const auto found = next_.find(uint64_t{node} << 8 | static_cast<unsigned char>(text[i]));
    if (found == next_.end()) break;
    node = found->second;
    if (const auto end = ends_.find(node); end != ends_.end()) longest = {end->second, i + 1 - at};
  }
  return longest;
}

void Tokenizer::State::index(const std::string& where) {
  const auto known = [&](TokenId id) { return id >= 0 && id < static_cast<TokenId>(tokens.size()) && !tokens[id].empty(); };
  ids.reserve(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty()) continue;
    const auto [first, is_new] = ids.emplace(tokens[id], static_cast<TokenId>(id));
    CHECK_FILE(is_new, where, "the token {} has two ids, {} and {}", tokens[id], first->second, id);
  }

  bytes.resize(tokens.size());
  special.assign(tokens.size(), false);
  for (size_t id = 0; id < tokens.size(); ++id) {
    std::string_view stored = tokens[id];
    const bool last = !suffix.empty() && stored.size() > suffix.size() && stored.ends_with(suffix);
    if (last) stored.remove_suffix(suffix.size());
    bytes[id] = from_byte_alphabet(stored).value_or(std::string(stored)) + (last ? " " : "");
  }
  for (const AddedToken& token : added) {
    ASSERT(known(token.id) && tokens[token.id] == token.content);
    bytes[token.id] = token.content;
    special[token.id] = token.special;
    finder.add(token.content, token.id);
  }

  for (int byte = 0; byte < 256; ++byte) {
    const std::string& symbol = byte_symbol(static_cast<unsigned char>(byte));
    const auto plain = ids.find(symbol), last = ids.find(symbol + suffix);
    CHECK_FILE(plain != ids.end() && last != ids.end(), where, "byte {} has no token; only byte-level BPE is supported", byte);
    byte_id[byte] = plain->second;
    last_byte_id[byte] = last->second;
  }

  merge_of.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto [left, right] = merges[rank];
    ASSERT(known(left) && known(right));
    const auto merged = ids.find(tokens[left] + tokens[right]);
    CHECK_FILE(merged != ids.end(), where, "merge {} gives {}{}, which is no token", rank, tokens[left], tokens[right]);
    CHECK_FILE(!special[merged->second], where, "merge {} gives the control symbol {}", rank, merged->first);
    const bool is_new = merge_of.emplace(pair_key(left, right), Merge{static_cast<int32_t>(rank), merged->second}).second;
    CHECK_FILE(is_new, where, "the merge of {} and {} comes twice", tokens[left], tokens[right]);
  }
}

void Tokenizer::State::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  if (ignore_merges) {
    const auto whole = ids.find(to_byte_alphabet(piece) + suffix);
    if (whole != ids.end() && !special[whole->second]) return out.push_back(whole->second);
  }
  const auto count = static_cast<int32_t>(piece.size());
  std::vector<Symbol> symbols(count);
  for (int32_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(piece[i]);
    symbols[i] = {i + 1 == count ? last_byte_id[byte] : byte_id[byte], i - 1, i + 1 < count ? i + 1 : -1};
  }

  std::priority_queue<Candidate> candidates;
  const auto consider = [&](int32_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const uint64_t pair = pair_key(symbols[left].id, symbols[symbols[left].next].id);
    if (const auto merge = merge_of.find(pair); merge != merge_of.end()) {
      candidates.push({merge->second.rank, left, pair});
    }
  };
  for (int32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.left];
    // Either side may have merged since; a swallowed symbol has id -1 and so is part of no pair.
    if (left.id < 0 || left.next < 0 || pair_key(left.id, symbols[left.next].id) != best.pair) continue;
    Symbol& right = symbols[left.next];
    left.id = merge_of.at(best.pair).id;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbols[left.next].previous = best.left;
    consider(left.previous);
    consider(best.left);
  }
  for (int32_t i = 0; i >= 0 && count > 0; i = symbols[i].next) out.push_back(symbols[i].id);
}

void Tokenizer::State::encode_text(std::string_view text, std::vector<TokenId>& out) const {
  const auto piece = [&](std::string_view bytes) { encode_piece(bytes, out); };
  if (normalizer.empty()) {
    pretokenizer.split(text, piece);
  } else {
    pretokenizer.split(normalizer.apply(text), piece);
  }
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool parse_special) const {
  REQUIRE(base::is_utf8(text), "the text is not valid UTF-8");
  std::vector<TokenId> out;
  size_t from = 0;
  for (size_t at = 0; parse_special && at < text.size();) {
    const auto [id, length] = state_->finder.at(text, at);
    if (length == 0) {
      ++at;
      continue;
    }
    state_->encode_text(text.substr(from, at - from), out);
    out.push_back(id);
    from = at += length;
  }
  state_->encode_text(text.substr(from), out);
  return out;
}

std::string Tokenizer::decode(const std::vector<TokenId>& ids, bool with_special) const {
  std::string text;
  for (const TokenId id : ids) {
    REQUIRE(id >= 0 && id < size(), "token ids are 0 to {}, not {}", size() - 1, id);
    if (with_special || !state_->special[id]) text += state_->bytes[id];
  }
  if (!state_->suffix.empty() && text.ends_with(' ')) text.pop_back();
  return text;
}

int64_t Tokenizer::size() const { return static_cast<int64_t>(state_->tokens.size()); }

TokenId Tokenizer::id(std::string_view token) const {
  const auto found = state_->ids.find(std::string(token));
  REQUIRE(found != state_->ids.end(), "the vocabulary has no token {}", token);
  return found->second;
}

bool Tokenizer::contains(std::string_view token) const { return state_->ids.contains(std::string(token)); }

const std::string& Tokenizer::token(TokenId id) const {
  REQUIRE(id >= 0 && id < size(), "token ids are 0 to {}, not {}", size() - 1, id);
  return state_->tokens[id];
}

bool Tokenizer::is_special(TokenId id) const {
  REQUIRE(id >= 0 && id < size(), "token ids are 0 to {}, not {}", size() - 1, id);
  return state_->special[id];
}

}  // namespace atelier::text
