#pragma once
/// CLIP as the memory's embedder.
#include "retrieval/clip.h"
#include "retrieval/embedder.h"

#include <utility>

namespace atelier::retrieval {

class ClipEmbedder : public Embedder {
 public:
  explicit ClipEmbedder(Clip clip) : clip_(std::move(clip)) {}

  Tensor embed_pictures(std::span<const vision::Image> pictures) const override { return clip_.embed_pictures(pictures); }
  Tensor embed_texts(std::span<const std::string> texts) const override { return clip_.embed_texts(texts); }
  int64_t dimension() const override { return clip_.dimensions(); }
  std::string identity() const override { return "clip-" + clip_.hash(); }
  const Clip& clip() const { return clip_; }

 private:
  Clip clip_;
};

}  // namespace atelier::retrieval
