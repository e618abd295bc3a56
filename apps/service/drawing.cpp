#include "apps/service/drawing.h"

#include "base/base64.h"

namespace atelier::service {

apps::PictureRecord make_record(const apps::PictureRequest& request, const EngineInfo& info) {
  apps::PictureRecord record;
  record.prompt = request.prompt;
  record.negative_prompt = request.negative_prompt;
  record.steps = request.steps;
  record.guidance_scale = request.guidance_scale;
  record.sampler = request.sampler;
  record.style = request.style;
  record.model = info.name;
  record.model_hash = info.hash;
  record.width = record.height = info.picture_size;
  record.version = info.version;
  // Pictures came in the request: the record knows them by their pixels alone.
  const auto used = [](const char* name, const vision::Image& image) { return apps::UsedPicture{name, apps::pixel_hash(image)}; };
  const apps::NegToMeRequest& n = request.negtome;
  if (n.diverse || !n.avoid.empty()) {
    record.negtome = n.config;
    record.diverse = n.diverse;
  }
  if (!n.avoid.empty()) {
    record.avoid_alpha = n.avoid_alpha;
    for (const vision::Image& image : n.avoid) record.avoid.push_back(used("avoid.png", image));
    if (!n.avoid_mask.pixels.empty()) record.avoid_mask = used("avoid_mask.png", n.avoid_mask);
  }
  if (!request.init.pixels.empty()) {
    record.init = used("image.png", request.init);
    record.strength = request.strength;
    if (!request.mask.pixels.empty()) record.mask = used("mask.png", request.mask);
  }
  return record;
}

vision::Image draw(EngineHost& host, Engine& engine, const Exchange& exchange, const apps::PictureRequest& request,
                   const apps::Painter::StepCallback& on_step) {
  const StageTimer timer(host.metrics, "draw");
  throw_if_gone(exchange);
  vision::Image image = engine.draw(request, [&](int64_t step, const std::function<vision::Image()>& so_far) {
    throw_if_gone(exchange);
    host.metrics.steps.Increment();
    if (on_step) on_step(step, so_far);
  });
  host.metrics.pictures.Increment();
  return image;
}

std::string encode(EngineHost& host, const vision::Image& image, const apps::PictureRecord& record, const std::string& format, int64_t quality) {
  const StageTimer timer(host.metrics, "encode");
  return base::encode_base64(format == "jpeg" ? vision::encode_jpeg(image, static_cast<int>(quality)) : vision::encode_png(image, apps::to_text_chunks(record)));
}

}  // namespace atelier::service
