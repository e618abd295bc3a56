#pragma once
/// What the memory and the retriever ask of a model that puts pictures and texts into one space. CLIP is one; tests
/// have a fake one.
#include "base/tensor.h"
#include "vision/image.h"

#include <cstdint>
#include <span>
#include <string>

namespace atelier::retrieval {

class Embedder {
 public:
  virtual ~Embedder() = default;
  /// @return (pictures, dimension()) fp32 on the CPU, each of length 1
  virtual Tensor embed_pictures(std::span<const vision::Image> pictures) const = 0;
  /// @return (texts, dimension()) fp32 on the CPU, each of length 1
  virtual Tensor embed_texts(std::span<const std::string> texts) const = 0;
  virtual int64_t dimension() const = 0;
  /// The same for two embedders only if their vectors may be compared; at most 200 bytes of UTF-8.
  virtual std::string identity() const = 0;
};

}  // namespace atelier::retrieval
