#pragma once
/// What stands before a prompt: documents that were handed over, and those that a memory finds for it (RA-CM3, 3.2).
#include "base/tensor.h"
#include "vision/image.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace atelier::apps {

/// A document for a picture to be drawn after.
struct ContextDocument {
  std::string id, caption, source, licence;
  double similarity = 0;  // to the prompt, of their CLIP vectors; 0: handed over, not found
  vision::Image picture;  // may be small where the memory holds the latents
  std::string latents;    // as pack_latents() wrote them, under the generator's name for them; empty: encode the picture
};

/// A memory and the CLIP that it was made with. May be used from several threads.
class Recall {
 public:
  /// Whether this build has memories: the core alone has none.
  static const bool offered;
  /// @throws InvalidFile if either is missing or damaged, InvalidArgument if the memory belongs to another CLIP
  static std::unique_ptr<const Recall> open(const std::filesystem::path& memory, const std::filesystem::path& clip);
  virtual ~Recall() = default;

  /// At most `count` documents with caption and picture by falling similarity, none nearly the same as another one.
  /// @param latents  the generator's name of its latents (fusion::Pipeline::latents_name)
  virtual std::vector<ContextDocument> find(const std::string& prompt, int64_t count, const std::string& latents) const = 0;
};

}  // namespace atelier::apps
