#pragma once
/// A pack of a few flat pictures, and the control symbols of the tiny model's vocabulary.
#include "fusion/train/fusion_trainer.h"

namespace atelier::fusion::tests {

// <pad> <bos> <eos> <boi> <eoi>; <mask:0>.. from 44 on, the end of a document is <eos>.
constexpr ControlIds kIds = {0, 1, 2, 3, 4, {44, 2}};

/// Ten pictures of one flat value each, named by a token of their own, the last two for validation; picture i has the
/// neighbours i + 1 and i + 2 of the first eight, and alone the last list lacks its second one.
inline void write_tiny_pack(const std::filesystem::path& path) {
  PackWriter writer;
  Tensor neighbours = at::empty({10, 1, 2}, at::kInt);
  for (int i = 0; i < 10; ++i) {
    writer.add(at::full({4, 8, 8}, 0.3 * i - 1.2), {{10 + i}, {40, 10 + i, 41}}, 1, /*validation=*/i >= 8);
    neighbours[i][0][0] = (i + 1) % 8;
    neighbours[i][0][1] = i == 9 ? -1 : (i + 2) % 8;
  }
  writer.write(path, {"noto style", "line icon"}, neighbours);
}

}  // namespace atelier::fusion::tests
