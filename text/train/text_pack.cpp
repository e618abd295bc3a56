#include "text/train/text_pack.h"

#include "base/error.h"
#include "base/random.h"
#include "base/safetensors.h"

#include <cstring>
#include <fstream>
#include <memory>

namespace atelier::text {
namespace {

constexpr int64_t kValidationShare = 100;  // one of so many documents

template <class T>
Tensor as_tensor(const std::vector<T>& values, at::ScalarType dtype) {
  Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, dtype);
  std::memcpy(tensor.data_ptr(), values.data(), values.size() * sizeof(T));
  return tensor;
}

}  // namespace

PackCounts pack_text(const Tokenizer& tokenizer, const std::function<bool(std::string&)>& next_line,
                     const std::filesystem::path& out) {
  PackCounts counts;
  std::vector<TokenId> tokens;
  std::vector<int64_t> documents = {0};
  std::vector<uint8_t> validation;
  for (std::string line; next_line(line);) {
    if (line.empty()) continue;
    const std::vector<TokenId> ids = tokenizer.encode(line, /*parse_special=*/true);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    documents.push_back(static_cast<int64_t>(tokens.size()));
    validation.push_back(base::mix(base::hash(line)) % kValidationShare == 0);
    counts.validation += validation.back();
    counts.bytes += static_cast<int64_t>(line.size());
  }
  counts.documents = static_cast<int64_t>(validation.size());
  counts.tokens = static_cast<int64_t>(tokens.size());
  REQUIRE(counts.documents > 0, "the training text is empty");

  Tensor ids = as_tensor(tokens, at::kInt);
  if (tokenizer.size() <= 1 << 16) {
    std::vector<uint16_t> narrow(tokens.begin(), tokens.end());
    ids = as_tensor(narrow, at::kUInt16);
  }
  base::write_safetensors(out, {{"tokens", ids}, {"documents", as_tensor(documents, at::kLong)},
                                {"validation", as_tensor(validation, at::kByte)}},
                          {{"vocab_size", std::to_string(tokenizer.size())}});
  return counts;
}

TextPack::TextPack(const std::filesystem::path& path, int64_t vocab_size) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  const Tensor tokens = file.read("tokens"), validation = file.read("validation");
  documents_ = file.read("documents");
  CHECK_FILE(tokens.dim() == 1 && (tokens.scalar_type() == at::kUInt16 || tokens.scalar_type() == at::kInt), where,
             "tokens must be a row of uint16 or int32");
  CHECK_FILE(documents_.dim() == 1 && documents_.scalar_type() == at::kLong && documents_.size(0) >= 2, where,
             "documents must be a row of int64");
  CHECK_FILE(validation.dim() == 1 && validation.scalar_type() == at::kByte && validation.size(0) == documents_.size(0) - 1, where,
             "validation must be a byte for each of the {} documents", documents_.size(0) - 1);
  tokens_ = at::empty({tokens.size(0)}, at::kInt);
  auto* ids = tokens_.data_ptr<int32_t>();
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    ids[i] = tokens.scalar_type() == at::kInt ? tokens.const_data_ptr<int32_t>()[i] : tokens.const_data_ptr<uint16_t>()[i];
    CHECK_FILE(ids[i] >= 0 && ids[i] < vocab_size, where, "token {} is {}, the vocabulary has {}", i, ids[i], vocab_size);
  }
  const auto* begin = documents_.const_data_ptr<int64_t>();
  const int64_t count = documents_.size(0) - 1;
  CHECK_FILE(begin[0] == 0 && begin[count] == tokens.size(0), where, "documents must reach from 0 to the number of tokens");
  for (int64_t i = 0; i < count; ++i) {
    CHECK_FILE(begin[i] <= begin[i + 1], where, "document {} ends before it begins", i);
    (validation.const_data_ptr<uint8_t>()[i] ? validation_ : training_).push_back(i);
  }
  CHECK_FILE(!training_.empty(), where, "there is no document for training");
}

std::span<const TokenId> TextPack::document(int64_t i) const {
  const auto* begin = documents_.const_data_ptr<int64_t>() + i;
  return {tokens_.const_data_ptr<int32_t>() + begin[0], static_cast<size_t>(begin[1] - begin[0])};
}

std::function<bool(std::string&)> lines_of(const std::filesystem::path& path) {
  auto file = std::make_shared<std::ifstream>(path);
  CHECK_FILE(file->good() && !std::filesystem::is_directory(path), path.string(), "cannot be opened");
  return [file](std::string& line) {
    if (!std::getline(*file, line)) return false;
    if (line.ends_with('\r')) line.pop_back();
    return true;
  };
}

}  // namespace atelier::text
