#pragma once
/// The bodies of the API's requests, and the checked tasks that they become. What each field may be is said once, in its
/// struct's visit (fields.h); what depends on the models that are loaded is checked on the way to a task.
#include "apps/service/engine.h"
#include "apps/service/fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace atelier::service {

/// Of one request.
struct RequestLimits {
  static constexpr int64_t pictures = 8;                 // in a chat or an embedding
  static constexpr int64_t text_bytes = 64 << 10;        // of all messages together
  static constexpr int64_t inputs = 256;                 // of one embedding request
  static constexpr int64_t pixel_steps = int64_t{64} << 20;  // width x height x steps x n
  static constexpr int64_t tokens = 8192;                // n x max_tokens
  static constexpr int64_t seed = 9007199254740991 - 64;  // JSON readers keep no more digits
};

struct ImageUrl {
  std::string url, detail;
  static ImageUrl of_text(std::string url) { return {std::move(url), ""}; }
  template <class Visitor>
  void visit(Visitor& v) {
    v.required("url", url, "A data: URI of a PNG or JPEG; no URL is ever fetched");
    v.ignored("detail", "Accepted, changes nothing");
  }
};

/// A part of a message, or one input of an embedding: a text or a picture.
struct ContentPart {
  std::string type = "text";
  std::optional<std::string> text;
  std::optional<ImageUrl> image_url;
  static ContentPart of_text(std::string text) { return {"text", std::move(text), {}}; }
  template <class Visitor>
  void visit(Visitor& v) {
    v.required("type", type, "What this part is", base::one_of({"text", "image_url"}));
    v("text", text, "The text of a text part");
    v("image_url", image_url, "The picture of an image_url part");
  }
};

struct Message {
  std::string role;
  OneOrMany<ContentPart> content;
  template <class Visitor>
  void visit(Visitor& v) {
    v.required("role", role, "Who speaks", base::one_of({"system", "developer", "user", "assistant"}));
    v("content", content, "A text, or a list of texts and pictures");
    v.ignored("name", "Accepted, changes nothing");
    v.ignored("refusal", "Accepted, changes nothing");
    v.ignored("annotations", "Accepted, changes nothing");
    v.ignored("images", "Pictures of an earlier answer; accepted, changes nothing");
    v.only("audio", nullptr, "there is no sound here");
    v.only("tool_calls", nullptr, "there are no tools here");
    v.only("function_call", nullptr, "there are no tools here");
  }
};

struct StreamOptions {
  bool include_usage = false;
  template <class Visitor>
  void visit(Visitor& v) {
    v("include_usage", include_usage, "One more piece at the end with the counts of tokens");
    v.ignored("include_obfuscation", "Accepted, changes nothing");
  }
};

struct ResponseFormat {
  std::string type = "text";
  template <class Visitor>
  void visit(Visitor& v) {
    v("type", type, "How the answer is written", base::one_of({"text"}));
  }
};

/// POST /v1/chat/completions
struct ChatRequest {
  std::string model;
  std::vector<Message> messages;
  bool stream = false;
  std::optional<StreamOptions> stream_options;
  int64_t n = 1;
  std::optional<int64_t> max_tokens, max_completion_tokens;
  double temperature = 1, top_p = 1, min_p = 0, repetition_penalty = 1;
  int64_t top_k = 0;
  std::optional<int64_t> seed;
  OneOrMany<std::string> stop;
  bool logprobs = false;
  int64_t top_logprobs = 0;
  std::optional<ResponseFormat> response_format;
  std::vector<std::string> modalities;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v("model", model, "One of /v1/models; empty: the service's own choice");
    v.required("messages", messages, "The conversation so far");
    v("stream", stream, "Send the answer in pieces (server-sent events)");
    v("stream_options", stream_options, "With stream only");
    v("n", n, "Answers", range(1, 8));
    v("max_tokens", max_tokens, "Longest answer, in tokens", range(1, 8192));
    v("max_completion_tokens", max_completion_tokens, "The newer name of max_tokens", range(1, 8192));
    v("temperature", temperature, "0: always the most probable token", range(0, 2));
    v("top_p", top_p, "Only the most probable tokens that together have this probability", range(1e-6, 1));
    v("top_k", top_k, "Only the k most probable tokens; 0: all (an extension)", range(0, 1 << 20));
    v("min_p", min_p, "Only tokens at least this probable, relative to the most probable one (an extension)", range(0, 1));
    v("repetition_penalty", repetition_penalty, "Above 1: against what was said already (an extension)", range(0.01, 100));
    v("seed", seed, "The same seed gives the same answer", range(0, RequestLimits::seed));
    v("stop", stop, "The answer ends before the first of these, at most 4");
    v("logprobs", logprobs, "Send each token's logarithmic probability");
    v("top_logprobs", top_logprobs, "And those of the most probable tokens in its place", range(0, 20));
    v("response_format", response_format, "Text");
    v("modalities", modalities, "[\"text\"], or [\"image\"] or both for an answer that is a drawn picture", base::one_of({"text", "image"}));
    v.only("frequency_penalty", 0, "use repetition_penalty");
    v.only("presence_penalty", 0, "use repetition_penalty");
    v.only("logit_bias", json::object(), "tokens cannot be favoured one by one");
    v.only("tools", nullptr, "there are no tools here");
    v.only("tool_choice", "none", "there are no tools here");
    v.only("functions", nullptr, "there are no tools here");
    v.only("function_call", "none", "there are no tools here");
    v.only("audio", nullptr, "there is no sound here");
    for (const char* name : {"user", "metadata", "store", "service_tier", "parallel_tool_calls", "reasoning_effort", "safety_identifier",
                             "prompt_cache_key", "prediction", "verbosity"})
      v.ignored(name, "Accepted, changes nothing");
  }
};

/// POST /v1/images/generations, and what /v1/images/edits shares with it.
struct ImageRequest {
  std::string model, prompt, size = "auto", response_format = "b64_json", output_format = "png";
  int64_t n = 1, output_compression = 90, partial_images = 0;
  bool stream = false;
  std::string negative_prompt, style, sampler = "ddim";
  int64_t steps = 25;
  double guidance_scale = 4;
  std::optional<int64_t> seed;
  bool memory = false;
  int64_t k = 2;
  std::optional<double> diverse;
  OneOrMany<Upload> avoid;
  Upload avoid_mask;
  double avoid_alpha = fusion::kAvoidAlpha, tau = fusion::NegToMeConfig().tau;
  double diverse_until = fusion::NegToMeConfig().diverse_until, avoid_until = fusion::NegToMeConfig().avoid_until;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range, base::one_of;
    v("model", model, "One of /v1/models that draws; empty: the service's own choice");
    v.required("prompt", prompt, "What to draw, one line of at most 4096 bytes");
    v("n", n, "Pictures", range(1, 10));
    v("size", size, "auto, or WIDTHxHEIGHT as /v1/capabilities says");
    v("response_format", response_format, "Pictures come in the answer: nothing is kept to be fetched later", one_of({"b64_json"}));
    v("output_format", output_format, "The pictures' format", one_of({"png", "jpeg"}));
    v("output_compression", output_compression, "Quality of a JPEG", range(1, 100));
    v("stream", stream, "Send progress and previews (server-sent events)");
    v("partial_images", partial_images, "Previews of each picture while it is drawn, with stream", range(0, 8));
    v("negative_prompt", negative_prompt, "What the pictures should not be (an extension, as all that follow)");
    v("style", style, "One of the model's styles, as /v1/capabilities says");
    v("steps", steps, "Denoising steps", range(1, 1000));
    v("guidance_scale", guidance_scale, "How closely to follow the prompt; 1: without guidance", range(0, 30));
    v("sampler", sampler, "The update rule", one_of(samplers()));
    v("seed", seed, "Of the first picture; the next ones have seed + 1, ...; it comes back with each", range(0, RequestLimits::seed));
    v("memory", memory, "Draw with documents of the memory in front of the prompt; they are named in the answer");
    v("k", k, "How many documents", range(1, 8));
    v("diverse", diverse, "Keep the pictures apart from the first one, this strongly; 0.9 is usual", range(-10, 10));
    v("diverse_until", diverse_until, "From timestep 1000 down to this one", range(0, 1000));
    v("avoid", avoid, "Up to 8 pictures to keep away from");
    v("avoid_mask", avoid_mask, "Light where they count");
    v("avoid_alpha", avoid_alpha, "How strongly to keep away", range(-10, 10));
    v("avoid_until", avoid_until, "From timestep 1000 down to this one; lower changes more", range(0, 1000));
    v("tau", tau, "How similar tokens must be to be kept apart", range(-1, 2));
    v.only("background", "auto", "pictures are opaque");
    for (const char* name : {"user", "quality", "moderation"}) v.ignored(name, "Accepted, changes nothing");
  }
  static const std::vector<std::string>& samplers();
};

/// POST /v1/images/edits, multipart/form-data or JSON
struct ImageEditRequest : ImageRequest {
  OneOrMany<Upload> image;
  Upload mask;
  double strength = 0.75;

  template <class Visitor>
  void visit(Visitor& v) {
    v.required("image", image, "The picture to start from, PNG or JPEG");
    v("mask", mask, "Where to draw anew: transparent, or light in a picture without transparency; the rest stays");
    v("strength", strength, "How far to go from it: 0 not at all, 1 forgets it", base::range(0, 1));
    ImageRequest::visit(v);
    v.ignored("input_fidelity", "Accepted, changes nothing");
  }
};

/// POST /v1/embeddings
struct EmbeddingRequest {
  std::string model, encoding_format = "float";
  OneOrMany<ContentPart> input;
  std::optional<int64_t> dimensions;

  template <class Visitor>
  void visit(Visitor& v) {
    v("model", model, "One of /v1/models that embeds; empty: the service's own choice");
    v.required("input", input, "Texts, and pictures as {\"type\": \"image_url\", \"image_url\": {\"url\": \"data:...\"}}");
    v("encoding_format", encoding_format, "Numbers, or little-endian floats in base64", base::one_of({"float", "base64"}));
    v("dimensions", dimensions, "Must be the model's own", base::range(1, 1 << 16));
    v.ignored("user", "Accepted, changes nothing");
  }
};

/// POST /v1/memory/search
struct SearchRequest {
  std::optional<std::string> text;
  Upload picture;
  int64_t k = 10;
  bool thumbnails = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("text", text, "What to look for in words");
    v("picture", picture, "What to look for as a picture; with a text, both count alike");
    v("k", k, "How many documents", base::range(1, 100));
    v("thumbnails", thumbnails, "Send their pictures, small, as base64");
  }
};

/// A chat whose answers are texts, or pictures.
struct ChatJob {
  ChatTask task;
  int64_t n = 1;
  std::vector<std::string> stop;
  bool logprobs = false, stream = false, include_usage = false, draw = false;
};

/// n pictures of one request.
struct DrawJob {
  apps::PictureRequest request;  // of the first one
  std::string model, output_format;
  int64_t n = 1, quality = 90, partial_images = 0, documents = 0;
  bool stream = false, edit = false;
};

struct EmbeddingJob {
  std::string model;
  std::vector<std::string> texts;
  std::vector<vision::Image> pictures;
  std::vector<bool> is_text;  // of each input, in order
  bool base64 = false;
};

struct SearchJob {
  std::optional<std::string> text;
  std::optional<vision::Image> picture;
  int64_t k = 10;
  bool thumbnails = false;
};

/// Pictures are decoded, names and budgets checked. @throws ApiError 400, 404 for a model that is not there, 501 for what
/// the engine cannot do
ChatJob to_job(ChatRequest request, const EngineInfo& info);
DrawJob to_job(const ImageRequest& request, const EngineInfo& info);
DrawJob to_job(const ImageEditRequest& request, const EngineInfo& info);
EmbeddingJob to_job(const EmbeddingRequest& request, const EngineInfo& info);
SearchJob to_job(const SearchRequest& request, const EngineInfo& info);

/// A request's body as one object: JSON as it is, a form's fields as texts and its files as binary values ("image[]" is a
/// list). @param source  which of the two it was
/// @throws ApiError 400 for a malformed body, 415 for a Content-Type that is neither
json parse_body(const std::string& body, const std::string& content_type, Source& source);

}  // namespace atelier::service
