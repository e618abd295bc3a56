#include "apps/service/requests.h"

#include "apps/prompt.h"
#include "apps/service/multipart.h"
#include "fusion/sampler.h"

#include <algorithm>
#include <random>

namespace atelier::service {
namespace {

/// For user text that is no prompt of one line: any characters but zero bytes.
void check_text(const std::string& text, const std::string& param, int64_t& budget) {
  budget -= static_cast<int64_t>(text.size());
  if (budget < 0) throw ApiError(400, fmt::format("the texts have more than {} bytes together", RequestLimits::text_bytes), "too_long", param);
}

void check_prompt(const std::string& prompt, const std::string& param, bool optional) {
  from_client(param, [&] { optional ? apps::check_optional_prompt(prompt, param) : apps::check_prompt(prompt, param); });
}

vision::Image decode(const std::string& bytes, const std::string& param, bool keep_alpha = false) {
  return from_client(param, [&] { return vision::decode_image(bytes, param, keep_alpha); });
}

/// Decodes the picture of a data: URI; `count` is how many the request has with it.
vision::Image decode(const std::optional<ImageUrl>& url, const std::string& param, int64_t count) {
  if (!url) throw ApiError(400, fmt::format("{} must have image_url", param), "missing_field", param);
  if (count > RequestLimits::pictures)
    throw ApiError(400, fmt::format("the request has more than {} pictures", RequestLimits::pictures), "too_many_pictures", param);
  return decode(from_client(param, [&] { return decode_picture_text(url->url, kUploadBytes, param); }), param);
}

/// The model that a request means. @param fallback  for a request that names none; empty: nothing here can do it
std::string choose_model(const std::string& asked, const std::string& fallback, const EngineInfo& info, const char* output) {
  const std::string& id = asked.empty() ? fallback : asked;
  const auto found = std::find_if(info.models.begin(), info.models.end(), [&](const EngineModel& model) { return model.id == id; });
  if (found == info.models.end() && asked.empty())
    throw ApiError(501, fmt::format("no model here has {} as its output; /v1/capabilities says what there is", output), "not_supported");
  if (found == info.models.end())
    throw ApiError(404, fmt::format("there is no model {}; /v1/models lists them", base::shown(asked)), "model_not_found", "model");
  if (std::find(found->output.begin(), found->output.end(), output) == found->output.end())
    throw ApiError(400, fmt::format("the model {} has no {} as its output", base::shown(id), output), "wrong_model", "model");
  return id;
}

void check_size(const std::string& size, const EngineInfo& info) {
  const std::string only = fmt::format("{0}x{0}", info.picture_size);
  if (!size.empty() && size != "auto" && size != only)
    throw ApiError(400, fmt::format("size must be {} or auto, not {}", only, base::shown(size)), "", "size");
}

int64_t seed_or_random(const std::optional<int64_t>& seed) { return seed ? *seed : std::random_device()(); }

void fill_negtome(const ImageRequest& request, apps::NegToMeRequest& negtome) {
  if (request.diverse && request.n < 2) throw ApiError(400, "diverse keeps the pictures of a request apart; ask for several with n", "", "diverse");
  if (request.avoid.values.size() > 8) throw ApiError(400, fmt::format("at most 8 pictures can be avoided, not {}", request.avoid.values.size()), "", "avoid");
  if (request.avoid_mask.given() && request.avoid.values.empty())
    throw ApiError(400, "avoid_mask says where avoid counts, and there is no avoid", "", "avoid_mask");
  negtome.config.tau = request.tau;
  negtome.config.diverse_until = request.diverse_until;
  negtome.config.avoid_until = request.avoid_until;
  negtome.diverse = request.diverse;
  negtome.avoid_alpha = request.avoid_alpha;
  for (size_t i = 0; i < request.avoid.values.size(); ++i)
    negtome.avoid.push_back(decode(request.avoid.values[i].bytes, fmt::format("avoid[{}]", i)));
  if (request.avoid_mask.given()) negtome.avoid_mask = decode(request.avoid_mask.bytes, "avoid_mask");
}

/// White where the picture is drawn anew: where OpenAI's mask is transparent, where anybody else's is light.
vision::Image normalised_mask(const vision::Image& mask) {
  ASSERT(mask.channels == 4);
  const int64_t count = mask.width * mask.height;
  bool transparent = false;
  for (int64_t i = 0; i < count; ++i) transparent |= mask.pixels[4 * i + 3] < 255;
  vision::Image result(mask.width, mask.height);
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* p = &mask.pixels[4 * i];
    const bool anew = transparent ? p[3] < 128 : p[0] + p[1] + p[2] >= 3 * 128;
    std::fill_n(&result.pixels[3 * i], 3, anew ? 255 : 0);
  }
  return result;
}

}  // namespace

const std::vector<std::string>& ImageRequest::samplers() { return fusion::sampler_names(); }

ChatJob to_job(ChatRequest request, const EngineInfo& info) {
  ChatJob job;
  job.draw = std::find(request.modalities.begin(), request.modalities.end(), "image") != request.modalities.end();
  job.task.model = choose_model(request.model, info.chat, info, "text");
  if (job.draw && info.draw.empty()) throw ApiError(501, "no model here draws", "not_supported", "modalities");
  if (request.messages.empty()) throw ApiError(400, "messages must have at least one message", "", "messages");
  int64_t bytes = RequestLimits::text_bytes, pictures = 0;
  for (size_t i = 0; i < request.messages.size(); ++i) {
    const Message& message = request.messages[i];
    ChatTurn turn;
    turn.role = message.role == "developer" ? "system" : message.role;
    for (size_t k = 0; k < message.content.values.size(); ++k) {
      const ContentPart& part = message.content.values[k];
      const std::string param = fmt::format("messages[{}].content[{}]", i, k);
      if (part.type == "image_url") {
        turn.pictures.push_back(decode(part.image_url, param, ++pictures));
        continue;
      }
      if (!part.text) throw ApiError(400, fmt::format("{} must have text", param), "missing_field", param);
      check_text(*part.text, param, bytes);
      if (!turn.text.empty()) turn.text += '\n';
      turn.text += *part.text;
    }
    job.task.turns.push_back(std::move(turn));
  }
  const ChatTurn& last = job.task.turns.back();
  if (last.role != "user") throw ApiError(400, "the last message must be a user's", "", "messages");
  if (last.text.empty()) throw ApiError(400, "the last message asks nothing: it has no text", "", "messages");
  if (pictures > 0 && !info.answers_pictures)
    throw ApiError(501, "no model here answers questions about pictures; /v1/capabilities says what there is", "not_supported", "messages");
  if (job.draw) check_prompt(last.text, "messages", false);
  if (request.stop.values.size() > 4) throw ApiError(400, fmt::format("stop may hold 4 texts, not {}", request.stop.values.size()), "", "stop");
  for (const std::string& stop : request.stop.values)
    if (stop.empty() || stop.size() > 64) throw ApiError(400, "a text of stop must have 1 to 64 bytes", "", "stop");
  if (request.stream_options && !request.stream) throw ApiError(400, "stream_options needs stream", "", "stream_options");
  if (request.top_logprobs > 0 && !request.logprobs) throw ApiError(400, "top_logprobs needs logprobs", "", "top_logprobs");
  job.n = request.n;
  job.stop = std::move(request.stop.values);
  job.logprobs = request.logprobs;
  job.stream = request.stream;
  job.include_usage = request.stream_options && request.stream_options->include_usage;
  job.task.max_tokens = request.max_completion_tokens.value_or(request.max_tokens.value_or(job.task.max_tokens));
  if (job.n * job.task.max_tokens > RequestLimits::tokens)
    throw ApiError(400, fmt::format("n x max_tokens must be at most {}, not {} x {}", RequestLimits::tokens, job.n, job.task.max_tokens), "", "max_tokens");
  job.task.sampling = {.temperature = request.temperature, .top_k = request.top_k, .top_p = request.top_p, .min_p = request.min_p,
                       .repetition_penalty = request.repetition_penalty};
  job.task.top_logprobs = request.top_logprobs;
  job.task.seed = static_cast<uint64_t>(seed_or_random(request.seed));
  return job;
}

DrawJob to_job(const ImageRequest& request, const EngineInfo& info) {
  DrawJob job;
  job.model = choose_model(request.model, info.draw, info, "image");
  check_prompt(request.prompt, "prompt", false);
  check_prompt(request.negative_prompt, "negative_prompt", true);
  check_size(request.size, info);
  if (!request.style.empty() && std::find(info.styles.begin(), info.styles.end(), request.style) == info.styles.end())
    throw ApiError(400, fmt::format("this model has no style {}; it has {}", base::shown(request.style), fmt::join(info.styles, ", ")), "", "style");
  const int64_t pixel_steps = info.picture_size * info.picture_size * request.steps * request.n;
  if (pixel_steps > RequestLimits::pixel_steps)
    throw ApiError(400, fmt::format("{} pictures of {} steps are too much for one request: n x steps must be at most {}", request.n, request.steps,
                                    RequestLimits::pixel_steps / (info.picture_size * info.picture_size)), "", "steps");
  if (request.memory && info.memory_documents < 0)
    throw ApiError(501, "this service has no memory; `atelier serve --memory DIR` gives it one", "not_supported", "memory");
  if (request.partial_images > 0 && !request.stream) throw ApiError(400, "partial_images needs stream", "", "partial_images");
  apps::PictureRequest& picture = job.request;
  picture.prompt = request.prompt;
  picture.negative_prompt = request.negative_prompt;
  picture.style = request.style;
  picture.steps = request.steps;
  picture.guidance_scale = request.guidance_scale;
  picture.sampler = request.sampler;
  picture.seed = static_cast<uint64_t>(seed_or_random(request.seed));
  fill_negtome(request, picture.negtome);
  job.n = request.n;
  job.output_format = request.output_format;
  job.quality = request.output_compression;
  job.partial_images = request.partial_images;
  job.documents = request.memory ? request.k : 0;
  job.stream = request.stream;
  return job;
}

DrawJob to_job(const ImageEditRequest& request, const EngineInfo& info) {
  DrawJob job = to_job(static_cast<const ImageRequest&>(request), info);
  job.edit = true;
  if (request.image.values.size() != 1)
    throw ApiError(400, fmt::format("one picture can be edited at a time, not {}", request.image.values.size()), "", "image");
  job.request.init = decode(request.image.values[0].bytes, "image");
  job.request.strength = request.strength;
  if (request.mask.given()) job.request.mask = normalised_mask(decode(request.mask.bytes, "mask", true));
  return job;
}

EmbeddingJob to_job(const EmbeddingRequest& request, const EngineInfo& info) {
  EmbeddingJob job;
  job.model = choose_model(request.model, info.embed, info, "embedding");
  const auto& inputs = request.input.values;
  if (inputs.empty() || static_cast<int64_t>(inputs.size()) > RequestLimits::inputs)
    throw ApiError(400, fmt::format("input must hold 1 to {} texts or pictures, not {}", RequestLimits::inputs, inputs.size()), "", "input");
  if (request.dimensions && *request.dimensions != info.embedding_dimension)
    throw ApiError(400, fmt::format("dimensions must be {}, this model's only length, not {}", info.embedding_dimension, *request.dimensions), "", "dimensions");
  int64_t bytes = RequestLimits::text_bytes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string param = fmt::format("input[{}]", i);
    job.is_text.push_back(inputs[i].type == "text");
    if (!job.is_text.back()) {
      job.pictures.push_back(decode(inputs[i].image_url, param, static_cast<int64_t>(job.pictures.size()) + 1));
      continue;
    }
    if (!inputs[i].text || inputs[i].text->empty()) throw ApiError(400, fmt::format("{} is an empty text", param), "", param);
    check_text(*inputs[i].text, param, bytes);
    job.texts.push_back(*inputs[i].text);
  }
  job.base64 = request.encoding_format == "base64";
  return job;
}

SearchJob to_job(const SearchRequest& request, const EngineInfo& info) {
  if (info.memory_documents < 0) throw ApiError(501, "this service has no memory; `atelier serve --memory DIR` gives it one", "not_supported");
  if (!request.text && !request.picture.given()) throw ApiError(400, "give a text, a picture, or both to look for", "missing_field", "text");
  if (request.text) check_prompt(*request.text, "text", false);
  SearchJob job;
  job.text = request.text;
  if (request.picture.given()) job.picture = decode(request.picture.bytes, "picture");
  job.k = request.k;
  job.thumbnails = request.thumbnails;
  return job;
}

json parse_body(const std::string& body, const std::string& content_type, Source& source) {
  const HeaderValue type = from_client("", [&] { return parse_header_value(content_type); });
  if (type.value == "application/json") {
    source = Source::json;
    return from_client("", [&] { return base::parse_json(body, "the request"); });
  }
  if (type.value != "multipart/form-data")
    throw ApiError(415, "the body must be application/json or multipart/form-data, as its Content-Type says", "unsupported_media_type");
  source = Source::form;
  const auto boundary = type.parameters.find("boundary");
  if (boundary == type.parameters.end()) throw ApiError(400, "the form's Content-Type has no boundary");
  json object = json::object();
  for (const FormPart& part : from_client("", [&] { return parse_multipart(body, boundary->second); })) {
    const bool list = part.name.ends_with("[]");
    const std::string name = list ? part.name.substr(0, part.name.size() - 2) : part.name;
    json value;
    if (part.filename) {
      value = json::binary(std::vector<uint8_t>(part.data.begin(), part.data.end()));
    } else {
      if (!base::is_utf8(part.data)) throw ApiError(400, fmt::format("the field {} is not valid UTF-8", base::shown(name)), "", name);
      value = std::string(part.data);
    }
    json& slot = object[name];
    if (slot.is_null()) {
      slot = list ? json::array({std::move(value)}) : std::move(value);
    } else if (slot.is_array() && list) {
      slot.push_back(std::move(value));
    } else if (part.filename && !list) {  // several files under one name are a list, too
      if (!slot.is_array()) slot = json::array({std::move(slot)});
      slot.push_back(std::move(value));
    } else {
      throw ApiError(400, fmt::format("the form has the field {} twice", base::shown(name)), "", name);
    }
  }
  return object;
}

}  // namespace atelier::service
