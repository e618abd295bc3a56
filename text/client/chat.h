#pragma once
/// A client of OpenAI-compatible servers (POST URL/chat/completions): text and pictures in, text out.
///
/// Answers 429 and 5xx are tried again after an exponential, jittered wait, or when Retry-After says; no other 4xx ever
/// is. A server that is down, slow or talking nonsense is one clear ResourceError.
#include "text/client/language_model.h"
#include "vision/image.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace atelier::text {

struct ChatConfig {
  std::string url;                              // of the API's root: "http://127.0.0.1:8080/v1"
  std::string model = {};                       // empty: the server's own choice
  std::string key_variable = "OPENAI_API_KEY";  // the environment variable that holds the key; unset: no key is sent
  std::chrono::milliseconds connect_timeout{5000}, timeout{120000};
  int64_t retries = 4;                          // after the first try
  std::chrono::milliseconds first_wait{500}, longest_wait{30000};  // between tries; a longer Retry-After ends them
  int64_t response_bytes = 8 << 20;
};

/// One part of a message's content: text, or a picture (sent as PNG in a data: URI).
struct ChatPart {
  std::string text;
  std::optional<vision::Image> picture;  // given: `text` does not count
};

struct ChatMessage {
  std::string role;             // "system", "user", "assistant"
  std::vector<ChatPart> parts;  // at least one

  static ChatMessage of_text(std::string role, std::string text) { return {std::move(role), {{std::move(text), {}}}}; }
};

struct ChatOptions {
  int64_t max_tokens = 512;
  double temperature = 0;
  std::optional<uint64_t> seed = {};
  std::vector<std::string> stop = {};  // at most 4, as servers allow
  bool logprobs = false;              // ask for log-probabilities; servers without them leave them out
  std::function<bool()> cancelled = {};  // besides Ctrl-C: asked several times a second, true ends the call with Cancelled
};

struct ChatReply {
  std::string text;
  std::string finish_reason;          // "stop", "length", …
  std::string model;                  // as the server names it
  std::optional<double> log_probability;  // sum over the reply's tokens
  int64_t prompt_tokens = 0, completion_tokens = 0;  // 0 where the server does not say
};

class ChatClient {
 public:
  /// @throws InvalidArgument if the URL is not http:// or https://
  explicit ChatClient(ChatConfig config);

  /// @throws ResourceError naming the server and what is wrong (down, no such model, wrong key, no sense in its answer),
  ///         Cancelled
  ChatReply chat(const std::vector<ChatMessage>& messages, const ChatOptions& options = {}) const;

  const ChatConfig& config() const { return config_; }

 private:
  ChatConfig config_;
};

/// Any chat server as a language model: the prompt is one user's message.
class EndpointLanguageModel : public LanguageModel {
 public:
  /// @param cancelled  as in ChatOptions, for every call
  explicit EndpointLanguageModel(ChatConfig config, std::function<bool()> cancelled = {}) : client_(std::move(config)), cancelled_(std::move(cancelled)) {}

  Completion complete(const Prompt& prompt, const CompletionOptions& options) const override;
  /// Nothing: chat servers give log-probabilities of their own words only.
  std::optional<std::vector<double>> score(const Prompt&, const std::vector<std::string>&) const override { return std::nullopt; }
  std::string name() const override;

 private:
  ChatClient client_;
  std::function<bool()> cancelled_;
};

}  // namespace atelier::text
