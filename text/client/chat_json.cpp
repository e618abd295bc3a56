#include "text/client/chat_json.h"

#include "base/error.h"

#include <array>

namespace atelier::text {
namespace {

using base::json;

constexpr std::string_view kWhat = "the answer";

json content_of(const ChatMessage& message) {
  // Servers without eyes understand only plain strings.
  if (message.parts.size() == 1 && !message.parts[0].picture) return message.parts[0].text;
  json content = json::array();
  for (const ChatPart& part : message.parts) {
    if (part.picture)
      content.push_back({{"type", "image_url"}, {"image_url", {{"url", vision::png_data_uri(*part.picture)}}}});
    else
      content.push_back({{"type", "text"}, {"text", part.text}});
  }
  return content;
}

/// A string, null, or parts of which the text counts.
std::string text_of(const json& content) {
  if (content.is_null()) return {};
  if (content.is_string()) return content.get<std::string>();
  CHECK_FILE(content.is_array(), kWhat, "message.content must be text, not {}", base::shown(content));
  std::string text;
  for (const json& part : content)
    if (part.is_object() && part.contains("text") && part["text"].is_string()) text += part["text"].get<std::string>();
  return text;
}

std::string string_or_empty(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> sum_of_logprobs(const json& choice) {
  const auto logprobs = choice.find("logprobs");
  if (logprobs == choice.end() || !logprobs->is_object() || !logprobs->contains("content") || !(*logprobs)["content"].is_array()) return {};
  double sum = 0;
  for (const json& token : (*logprobs)["content"]) {
    if (!token.is_object() || !token.contains("logprob") || !token["logprob"].is_number()) return {};
    sum += token["logprob"].get<double>();
  }
  return sum;
}

int64_t count_of(const json& usage, const char* name) {
  const auto found = usage.find(name);
  return found != usage.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

}  // namespace

json chat_request(const std::string& model, const std::vector<ChatMessage>& messages, const ChatOptions& options) {
  json request = {{"messages", json::array()}, {"max_tokens", options.max_tokens}, {"temperature", options.temperature}};
  if (!model.empty()) request["model"] = model;
  for (const ChatMessage& message : messages) {
    ASSERT(!message.parts.empty());
    request["messages"].push_back({{"role", message.role}, {"content", content_of(message)}});
  }
  if (options.seed) request["seed"] = *options.seed;
  if (!options.stop.empty()) request["stop"] = options.stop;
  if (options.logprobs) request["logprobs"] = true;
  return request;
}

ChatReply read_chat_reply(std::string_view body) {
  const json document = base::parse_json(body, kWhat);
  CHECK_FILE(document.is_object() && document.contains("choices") && document["choices"].is_array() && !document["choices"].empty(), kWhat,
             "has no choices: {}", base::shown(document));
  const json& choice = document["choices"][0];
  CHECK_FILE(choice.is_object() && choice.contains("message") && choice["message"].is_object(), kWhat, "has no message: {}", base::shown(choice));
  const json& message = choice["message"];
  ChatReply reply;
  reply.text = message.contains("content") ? text_of(message["content"]) : std::string();
  reply.finish_reason = string_or_empty(choice, "finish_reason");
  reply.model = string_or_empty(document, "model");
  reply.log_probability = sum_of_logprobs(choice);
  if (const auto usage = document.find("usage"); usage != document.end() && usage->is_object()) {
    reply.prompt_tokens = count_of(*usage, "prompt_tokens");
    reply.completion_tokens = count_of(*usage, "completion_tokens");
  }
  return reply;
}

std::string error_message(std::string_view body) {
  try {
    const json document = base::parse_json(body, kWhat);
    const json error = document.is_object() && document.contains("error") ? document["error"] : document;
    if (error.is_object()) {
      if (const std::string message = string_or_empty(error, "message"); !message.empty()) return message;
    } else if (error.is_string()) {
      return error.get<std::string>();
    }
    return base::shown(document);
  } catch (const base::InvalidFile&) {
    return base::shown(json(std::string(body.substr(0, 200))));
  }
}

}  // namespace atelier::text
