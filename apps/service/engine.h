#pragma once
/// What the service asks of the models behind it. The one inference thread (worker.h) opens an engine and alone calls it;
/// info() never changes and may be read by any thread.
#include "apps/painter.h"
#include "retrieval/memory/document.h"
#include "sketchpad/models.h"
#include "text/sampling.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace atelier::service {

/// A name that a request's "model" may be.
struct EngineModel {
  std::string id, says;                  // for people: what it is
  std::vector<std::string> input, output;  // of "text", "image", "embedding"
};

struct EngineInfo {
  std::string name, version, hash;       // of the weights
  std::string chat, draw, embed;         // the models that are meant if a request names none; empty: it cannot
  std::vector<EngineModel> models;
  int64_t picture_size = 0;              // side of the pictures that it draws, in pixels
  std::vector<std::string> styles, samplers;
  int64_t context_tokens = 0;            // prompt and answer of a chat together
  int64_t embedding_dimension = 0;       // 0: none
  int64_t memory_documents = -1;         // -1: no memory
  bool answers_pictures = false;         // questions about pictures
};

/// One message of a chat, every picture decoded.
struct ChatTurn {
  std::string role;  // "system", "user", "assistant"
  std::string text;
  std::vector<vision::Image> pictures;
};

struct ChatTask {
  std::string model;  // one of EngineInfo::models
  std::vector<ChatTurn> turns;
  text::SamplingConfig sampling;
  int64_t max_tokens = 256;  // fewer if the context ends before
  uint64_t seed = 0;
  int64_t top_logprobs = 0;  // how many alternatives of each token the callback wants, 0 to 20
};

struct ChatToken {
  std::string bytes;   // may begin or end inside a character
  double logprob = 0;  // natural logarithm
  std::vector<std::pair<std::string, double>> top;  // the most probable ones, top_logprobs of them
};

struct ChatOutcome {
  int64_t prompt_tokens = 0, completion_tokens = 0;
  bool ended = false;  // by itself; false: cut at max_tokens
};

/// A document of the memory that answers a search.
struct Found {
  retrieval::Document document;
  float similarity = 0;
  std::string thumbnail;  // PNG or JPEG; empty: the document has no picture, or none was asked for
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const EngineInfo& info() const = 0;

  /// As Painter::draw: the pictures of one request come in the order of their index. @throws Cancelled from on_step
  virtual vision::Image draw(const apps::PictureRequest& request, const apps::Painter::StepCallback& on_step) = 0;

  /// @return (texts, dimension), (pictures, dimension) fp32 on the CPU, each of length 1
  /// @throws ApiError 501 if there is no model for it
  virtual Tensor embed_texts(const std::vector<std::string>& texts) = 0;
  virtual Tensor embed_pictures(const std::vector<vision::Image>& pictures) = 0;
  /// Tokens that embedding them reads, for a request's usage.
  virtual int64_t embedding_tokens(const std::vector<std::string>& texts, size_t pictures) const = 0;

  /// The nearest documents to a text, a picture, or both; the best first. @throws ApiError 501 without a memory
  virtual std::vector<Found> search(const std::string* text, const vision::Image* picture, int64_t count, bool thumbnails) = 0;
  /// What RA-CM3's rules put in front of a prompt. @throws ApiError 501 without a memory
  virtual std::vector<apps::ContextDocument> retrieve(const std::string& prompt, int64_t count) = 0;

  /// Answers the last turn. @param on_token  false ends the answer
  /// @throws ApiError 501 for what no model here can do, InvalidArgument for a prompt that is too long
  virtual ChatOutcome chat(const ChatTask& task, const std::function<bool(const ChatToken&)>& on_token) = 0;

  /// A chat whose words come from a server elsewhere: does what these models have to do for it, and hands back the rest,
  /// which needs none of them and may take long. It may run on any thread, also several times, and as often as the task
  /// asks for answers; `gone` is asked meanwhile, true ends it with Cancelled. Empty for a task that chat() does.
  /// @throws as chat()
  using Elsewhere = std::function<ChatOutcome(uint64_t seed, const std::function<bool()>& gone, const std::function<bool(const ChatToken&)>& on_token)>;
  virtual Elsewhere chat_elsewhere(const ChatTask&) { return {}; }

  /// What the sketchpad's tools ask, to be called as everything else here; null: nothing.
  virtual sketchpad::Models* tools() { return nullptr; }
};

}  // namespace atelier::service
