#pragma once
/// Training text as tokens in one file, so that training needs neither the text nor a tokenizer's speed.
///
///   text.safetensors   tokens (M) uint16, or int32 for large vocabularies; documents (D + 1) int64, where each
///                      begins; validation (D) uint8, 1 for the 1 % that training never sees
#include "base/tensor.h"
#include "text/tokenizer.h"

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace atelier::text {

struct PackCounts {
  int64_t documents = 0, validation = 0, tokens = 0, bytes = 0;
};

/// Control symbols in the text count: "<caption>a dog<question>what is it?<answer>a dog" is one document.
/// Which document is for validation depends on its text alone, so that equal ones are on the same side.
/// @param next_line   fills the next document and returns true, or returns false at the end; empty ones are left out
/// @throws InvalidArgument if a line is not UTF-8 or there is none
PackCounts pack_text(const Tokenizer& tokenizer, const std::function<bool(std::string& line)>& next_line,
                     const std::filesystem::path& out);

class TextPack {
 public:
  /// @throws InvalidFile if ids reach vocab_size or documents do not lie one behind the other
  TextPack(const std::filesystem::path& path, int64_t vocab_size);

  std::span<const TokenId> document(int64_t i) const;
  const std::vector<int64_t>& training() const { return training_; }
  const std::vector<int64_t>& validation() const { return validation_; }
  int64_t tokens() const { return tokens_.numel(); }

 private:
  Tensor tokens_;     // (M) int32
  Tensor documents_;  // (D + 1) int64
  std::vector<int64_t> training_, validation_;
};

/// The lines of a file, one by one, without their ends. @throws InvalidFile if it cannot be opened
std::function<bool(std::string& line)> lines_of(const std::filesystem::path& path);

}  // namespace atelier::text
