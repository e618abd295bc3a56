#pragma once
/// What stands before a prompt: documents that were handed over, and those that a memory finds for it (RA-CM3, 3.2).
#include "fusion/pipeline.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace atelier::retrieval {
class Embedder;
class Memory;
}  // namespace atelier::retrieval

namespace atelier::apps {

/// A document for a picture to be drawn after.
struct ContextDocument {
  std::string id, caption, source, licence;
  double similarity = 0;  // to the prompt, of their CLIP vectors; 0: handed over, not found
  vision::Image picture;  // may be small where the memory holds the latents
  std::string latents;    // as fusion::pack_latents() wrote them; empty: the picture is to be encoded
};

/// Of a document's picture, (1, C, S, S) fp32, normalised. @throws InvalidFile if it holds latents of another size
Tensor latents_of(const ContextDocument& document, const fusion::Pipeline& pipeline);

/// At most `count` documents with caption and picture by falling similarity, none nearly the same as another one.
/// @param text, picture  what they are to be like: one of them or both; null: none
/// @param latents        the generator's name of its latents (fusion::Pipeline::latents_name)
std::vector<ContextDocument> recall(const retrieval::Memory& memory, const retrieval::Embedder& embedder, const std::string* text,
                                    const vision::Image* picture, int64_t count, const std::string& latents);

/// A memory and the CLIP that it was made with. May be used from several threads.
class Recall {
 public:
  /// Whether this build has memories: the core alone has none.
  static const bool offered;
  /// @throws InvalidFile if either is missing or damaged, InvalidArgument if the memory belongs to another CLIP
  static std::unique_ptr<const Recall> open(const std::filesystem::path& memory, const std::filesystem::path& clip);
  virtual ~Recall() = default;

  /// recall() in this memory.
  virtual std::vector<ContextDocument> find(const std::string* text, const vision::Image* picture, int64_t count,
                                            const std::string& latents) const = 0;
};

}  // namespace atelier::apps
