#include "apps/painter.h"

#include "base/error.h"
#include "base/random.h"
#include "fusion/pipeline.h"

namespace atelier::apps {
namespace {

class PipelinePainter : public Painter {
 public:
  explicit PipelinePainter(std::shared_ptr<const fusion::Pipeline> pipeline) : shared_(std::move(pipeline)), pipeline_(*shared_) {}

  vision::Image draw(const PictureRequest& request, const StepCallback& on_step) override {
    fusion::GenerateOptions options;
    options.num_inference_steps = request.steps;
    options.guidance_scale = request.guidance_scale;
    options.sampler = request.sampler;
    options.seed = request.seed;
    options.on_step = [&](int64_t step, const Tensor& x0) { on_step(step, [&] { return pipeline_.decode(x0); }); };
    const fusion::FusionConfig& config = pipeline_.model().config();
    fusion::PipelinePrompt prompt = {request.prompt, request.style, request.negative_prompt, {}};
    for (const ContextDocument& document : request.documents) prompt.documents.push_back({document.caption, latents_of(document, pipeline_)});
    const bool edits = !request.init.pixels.empty(), masked = !request.mask.pixels.empty();
    if (edits) {
      options.init = pipeline_.encode(request.init);
      options.strength = request.strength;
      if (masked) options.keep = 1 - light(request.mask, config.latent_size).view({1, 1, config.latent_size, config.latent_size});
    }
    options.merging = merging(request.negtome, prompt, options);
    const vision::Image drawn = pipeline_.draw(prompt, options);
    if (!masked) return drawn;
    // The autoencoder would blur what was to stay.
    const Tensor anew = light(request.mask, drawn.width);
    return vision::to_image(vision::to_tensor(vision::fit_square(request.init, drawn.width)) * (1 - anew) + vision::to_tensor(drawn) * anew);
  }

  const std::string& latents_name() const override { return pipeline_.latents_name(); }
  const std::string& model_hash() const override { return pipeline_.hash(); }

 private:
  /// The first picture of a prompt leaves its tokens to the next ones; what is avoided is looked at once for all of them.
  fusion::TokenMerging merging(const NegToMeRequest& request, const fusion::PipelinePrompt& prompt, fusion::GenerateOptions options) {
    options.merging.config = request.config;
    if (request.index == 0) {
      avoided_.clear();
      for (size_t i = 0; i < request.avoid.size(); ++i) {
        fusion::GenerateOptions own = options;
        own.seed = base::mix(i + 1);  // of its own, so that a batch draws what single runs draw
        avoided_.push_back({pipeline_.trace(prompt, request.avoid[i], own), patches(request.avoid_mask), request.avoid_alpha});
      }
      first_ = request.diverse ? std::make_shared<fusion::TokenTrace>(options.num_inference_steps, layers(), request.config.diverse_until) : nullptr;
    }
    fusion::TokenMerging result = {request.config, avoided_, request.index == 0 ? first_ : nullptr};
    if (request.diverse && request.index > 0) {
      ASSERT(first_);
      result.references.push_back({first_, {}, *request.diverse});
    }
    return result;
  }

  int64_t layers() const { return pipeline_.model().image_tower().config().num_hidden_layers; }

  /// A mask as the image tokens see it: (patches) bool, those that are light on average.
  Tensor patches(const vision::Image& mask) const {
    if (mask.pixels.empty()) return {};
    return light(mask, pipeline_.model().config().latent_size / 2).flatten() > 0.5;
  }

  /// How light a mask is in each of side x side parts: (side, side) in [0, 1].
  Tensor light(const vision::Image& mask, int64_t side) const {
    const vision::Image small = vision::resize(vision::fit_square(mask, pipeline_.pixels()), side, side, vision::Filter::bilinear);
    return (vision::to_tensor(small).mean(0) + 1) / 2;
  }

  std::shared_ptr<const fusion::Pipeline> shared_;
  const fusion::Pipeline& pipeline_;
  std::vector<fusion::TokenMerging::Reference> avoided_;
  std::shared_ptr<fusion::TokenTrace> first_;
};

}  // namespace

std::unique_ptr<Painter> open_painter(const std::filesystem::path& model) {
  return open_painter(std::make_shared<const fusion::Pipeline>(fusion::Pipeline::load(model)));
}

std::unique_ptr<Painter> open_painter(std::shared_ptr<const fusion::Pipeline> pipeline) {
  return std::make_unique<PipelinePainter>(std::move(pipeline));
}

}  // namespace atelier::apps
