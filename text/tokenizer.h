#pragma once
/// Byte-level BPE that reads and writes Hugging Face's tokenizer.json, ours and public ones (GPT-2, Llama 3, Qwen; CLIP's
/// vocab.json + merges.txt).
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::text {

using TokenId = int32_t;

class Tokenizer {
 public:
  /// tokenizer.json, or a folder with it, or a folder with CLIP's vocab.json + merges.txt.
  /// @throws InvalidFile: caps on sizes, ids out of range, duplicates, merges of unknown tokens
  static Tokenizer load(const std::filesystem::path& path);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;

  void save(const std::filesystem::path& path) const;  // tokenizer.json, atomic

  /// Added tokens in `text` become their ids only if `parse_special` (text from a user is data, never control).
  /// Post-processor tokens (bos, eos) are not added. @throws InvalidArgument if text is not UTF-8
  std::vector<TokenId> encode(std::string_view text, bool parse_special = false) const;
  /// Bytes of the ids; may end in the middle of a character. Special tokens are written out only if asked.
  std::string decode(const std::vector<TokenId>& ids, bool with_special = false) const;

  int64_t size() const;                                 // ids are 0..size()-1
  /// @throws InvalidArgument if there is no such token
  TokenId id(std::string_view token) const;
  bool contains(std::string_view token) const;
  const std::string& token(TokenId id) const;           // as stored (byte-level alphabet)
  bool is_special(TokenId id) const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  friend Tokenizer train_tokenizer(const std::function<bool(std::string& line)>&, int64_t, const std::vector<std::string>&);
};

/// Learns merges until `vocab_size` tokens (256 bytes and `special` included). Deterministic.
/// @param next_line  fills the next text and returns true, or returns false at the end
Tokenizer train_tokenizer(const std::function<bool(std::string& line)>& next_line, int64_t vocab_size,
                          const std::vector<std::string>& special);

/// The control symbols of Atelier's own vocabulary, ids 0.. in this order.
/// <pad> <bos> <eos> <boi> <eoi> <doc> <img> <infill> <mask:0>..<mask:15> <question> <answer> <caption> <think> <act> <obs>, reserved ones
const std::vector<std::string>& control_symbols();

}  // namespace atelier::text
