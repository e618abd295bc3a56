#include "apps/painter.h"

#include "fusion/pipeline.h"

namespace atelier::apps {
namespace {

class PipelinePainter : public Painter {
 public:
  explicit PipelinePainter(const std::filesystem::path& model) : pipeline_(fusion::Pipeline::load(model)) {}

  vision::Image draw(const PictureRequest& request, const StepCallback& on_step) override {
    fusion::GenerateOptions options;
    options.num_inference_steps = request.steps;
    options.guidance_scale = request.guidance_scale;
    options.sampler = request.sampler;
    options.seed = request.seed;
    options.on_step = [&](int64_t step, const Tensor& x0) { on_step(step, [&] { return pipeline_.decode(x0); }); };
    return pipeline_.draw({request.prompt, request.style, request.negative_prompt, {}}, options);
  }

  const std::string& model_hash() const override { return pipeline_.hash(); }

 private:
  fusion::Pipeline pipeline_;
};

}  // namespace

std::unique_ptr<Painter> open_painter(const std::filesystem::path& model) {
  return std::make_unique<PipelinePainter>(model);
}

}  // namespace atelier::apps
