#pragma once
/// What CLIP trains on, ready to read: pictures, tokenised captions and concepts in one safetensors file.
///
///   pixels            (N, S, S, 4)  uint8, straight alpha: the background is drawn anew each time
///   split             (N)           uint8: 0 training, 1 held-out combinations of concept and style, 3 a held-out style
///   weight            (N)           fp32, how often to draw it
///   concept_of        (N)           int32, rows of one concept may stand for each other; -1: for itself only
///   mirror            (N)           uint8, 1: means the same when mirrored
///   caption_tokens    (T)           int32, without start and end token
///   caption_offsets   (K + 1)       int64, caption k is tokens [offsets[k], offsets[k + 1])
///   picture_captions  (N + 1)       int64, picture i has captions [picture_captions[i], picture_captions[i + 1])
///   concept_tokens, concept_offsets (C + 1): a concept's name, empty where it is no candidate of zero-shot naming
#include "base/files.h"
#include "base/random.h"
#include "base/safetensors.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace atelier::retrieval {

enum class ClipSplit : uint8_t { train = 0, combination = 1, heldout_style = 3 };

/// Lists of token ids, one behind the other.
class TokenLists {
 public:
  void add(std::span<const int32_t> tokens);
  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  std::span<const int32_t> operator[](int64_t i) const;
  int32_t largest() const;  // id, -1 if there is none

  /// Tensors NAME_tokens, NAME_offsets.
  void write(const std::string& name, base::NamedTensors& to) const;
  /// @throws InvalidFile
  static TokenLists read(const base::Safetensors& file, const std::string& name);

 private:
  std::vector<int32_t> tokens_;
  std::vector<int64_t> offsets_ = {0};
};

struct ClipPackRow {
  const uint8_t* pixels = nullptr;              // (side, side, 4), copied
  std::vector<std::vector<int32_t>> captions;   // at least one
  ClipSplit split = ClipSplit::train;
  double weight = 0;
  int32_t concept_of = -1;
  bool mirror = false;
};

class ClipPackWriter {
 public:
  /// @param capacity  rows at most
  ClipPackWriter(int64_t side, int64_t capacity);
  /// @param name  token ids, or none; concepts are numbered in this order, from 0
  int32_t add_concept(std::span<const int32_t> name);
  void add(const ClipPackRow& row);
  int64_t size() const { return static_cast<int64_t>(weight_.size()); }
  /// @throws InvalidArgument if no row was added
  void write(const std::filesystem::path& path) const;

 private:
  Tensor pixels_;  // (capacity, side, side, 4)
  std::vector<uint8_t> split_, mirror_;
  std::vector<float> weight_;
  std::vector<int32_t> concept_of_;
  TokenLists captions_, concepts_;
  std::vector<int64_t> picture_captions_ = {0};
};

/// The file stays open: pixels are mapped.
class ClipPack {
 public:
  /// @throws InvalidFile where its parts are missing or contradict each other, or nothing is for training
  explicit ClipPack(const std::filesystem::path& path);

  int64_t size() const { return static_cast<int64_t>(concept_of_.size()); }
  int64_t side() const { return side_; }
  const uint8_t* pixels(int64_t row) const;  // (side, side, 4)
  int32_t concept_of(int64_t row) const { return concept_of_[row]; }
  bool mirror(int64_t row) const { return mirror_[row] != 0; }
  /// One of its captions by chance, or the first.
  std::span<const int32_t> caption(int64_t row, base::Random& random) const;
  std::span<const int32_t> first_caption(int64_t row) const { return captions_[picture_captions_[row]]; }

  int64_t concepts() const { return concepts_.size(); }
  std::span<const int32_t> concept_name(int64_t number) const { return concepts_[number]; }
  int32_t largest_token() const { return std::max(captions_.largest(), concepts_.largest()); }

  /// A training row, by weight.
  int64_t draw(base::Random& random) const;
  /// Up to `limit` rows of a split that show a concept, spread evenly over it, always the same.
  std::vector<int64_t> rows(ClipSplit split, int64_t limit) const;

 private:
  base::MappedFile file_;
  int64_t side_ = 0, pixels_offset_ = 0;
  std::vector<uint8_t> split_, mirror_;
  std::vector<int32_t> concept_of_;
  std::vector<int64_t> picture_captions_;
  TokenLists captions_, concepts_;
  std::vector<double> cumulative_;  // of the weights of training rows
};

}  // namespace atelier::retrieval
