#pragma once
/// The engine as the command line sees it: a request in, a picture out.
#include "apps/recall.h"
#include "fusion/negtome.h"
#include "vision/image.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace atelier::apps {

/// What to keep away from, besides words (fusion/negtome.h).
struct NegToMeRequest {
  fusion::NegToMeConfig config;
  int64_t index = 0;                  // of this picture among those of its prompt, which are drawn in order
  std::optional<double> diverse;      // alpha: away from the picture with index 0
  std::vector<vision::Image> avoid;   // away from these
  vision::Image avoid_mask;           // light where they count; without pixels: everywhere
  double avoid_alpha = fusion::kAvoidAlpha;
};

/// One picture to draw, every field checked.
struct PictureRequest {
  std::string prompt, negative_prompt;
  std::string style;  // empty, or one of ModelInfo::styles
  int64_t steps = 25;
  double guidance_scale = 4;
  std::string sampler;
  uint64_t seed = 0;
  NegToMeRequest negtome;
  std::vector<ContextDocument> documents;  // the best first, at most kMostDocuments
  vision::Image init;                      // to start from; without pixels: from noise
  vision::Image mask;                      // light where `init` is drawn anew, dark where it stays; without pixels: everywhere
  double strength = 1;                     // how much noise is laid over `init`: 0 leaves it, 1 forgets it
};

inline constexpr int64_t kMostDocuments = 8;

class Painter {
 public:
  virtual ~Painter() = default;

  /// Called after each step, counted from 0; `so_far` decodes the picture as it is now, which takes time.
  using StepCallback = std::function<void(int64_t step, const std::function<vision::Image()>& so_far)>;

  /// @throws Cancelled at a step's end
  virtual vision::Image draw(const PictureRequest& request, const StepCallback& on_step) = 0;

  /// Under which a memory keeps latents that this painter can use.
  virtual const std::string& latents_name() const = 0;

  /// 16 hexadecimal digits that tell one set of weights and configs from another.
  virtual const std::string& model_hash() const = 0;
};

/// Loads a model folder. @throws InvalidFile
std::unique_ptr<Painter> open_painter(const std::filesystem::path& model);
/// Over a pipeline that others use, too.
std::unique_ptr<Painter> open_painter(std::shared_ptr<const fusion::Pipeline> pipeline);

}  // namespace atelier::apps
