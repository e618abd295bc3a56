#pragma once
/// What a Tokenizer holds; shared by its readers, its writer and its trainer, and by nobody else.
#include "text/pretokenizer.h"
#include "text/tokenizer.h"

#include <array>
#include <unordered_map>
#include <utility>

namespace atelier::text {

/// tokenizer.json's pre_tokenizer: a Split by `pattern`, then ByteLevel without a pattern of its own.
base::json split_by(std::string_view pattern, const char* behavior, bool invert);

struct AddedToken {
  TokenId id;
  std::string content;
  bool special;  // a control symbol: decode() leaves it out
};

/// Finds added tokens in text, the longest first.
class AddedTokenFinder {
 public:
  void add(std::string_view content, TokenId id);
  bool empty() const { return next_.empty(); }
  /// The added token that starts at text[at]: its id and length, or length 0.
  std::pair<TokenId, size_t> at(std::string_view text, size_t at) const;

 private:
  std::unordered_map<uint64_t, uint32_t> next_;    // node << 8 | byte -> node
  std::unordered_map<uint32_t, TokenId> ends_;     // node -> id
  uint32_t nodes_ = 1;
};

struct Tokenizer::State {
  // Read, or learnt:
  std::vector<std::string> tokens;                  // by id, as stored; "" where an id is unused
  std::vector<std::pair<TokenId, TokenId>> merges;  // by rank
  std::vector<AddedToken> added;
  Normalizer normalizer;
  Pretokenizer pretokenizer;
  bool ignore_merges = false;  // Llama 3: a piece that is a token is that token, whatever the merges say
  std::string suffix;          // CLIP: "</w>", at the end of every word's last token

  // Derived by index():
  struct Merge {
    int32_t rank;
    TokenId id;
  };
  std::unordered_map<std::string, TokenId> ids;
  std::vector<std::string> bytes;                   // what a token writes
  std::vector<bool> special;
  std::unordered_map<uint64_t, Merge> merge_of;     // left << 32 | right
  std::array<TokenId, 256> byte_id, last_byte_id;   // the latter with the suffix
  AddedTokenFinder finder;

  /// Builds the derived part. @throws InvalidFile: duplicate tokens, merges of unknown tokens or into control symbols,
  /// duplicate merges, bytes without a token, added tokens that contradict the vocabulary
  void index(const std::string& where);

  /// Appends the ids of one pre-tokenised piece: merges by rank, the leftmost of equals first.
  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;
  void encode_text(std::string_view text, std::vector<TokenId>& out) const;
};

}  // namespace atelier::text
