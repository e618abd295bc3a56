#include "text/client/chat.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "text/client/chat_json.h"
#include "text/client/http_post.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

namespace atelier::text {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};  // how often a wait asks whether it is cancelled

void wait(milliseconds duration, const std::function<bool()>& cancelled) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) {
    if (cancelled()) throw base::Cancelled();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kLook, end - std::chrono::steady_clock::now()));
  }
}

/// Twice as long after each try, and between half and all of it, so that many clients do not come back at once.
milliseconds backoff(const ChatConfig& config, int64_t failures, base::Random& random) {
  const double full = std::min(static_cast<double>(config.longest_wait.count()),
                               static_cast<double>(config.first_wait.count()) * static_cast<double>(int64_t{1} << std::min<int64_t>(failures, 30)));
  return milliseconds(static_cast<int64_t>(full * (0.5 + 0.5 * random.uniform())));
}

bool passing(int64_t status) { return status == 429 || status >= 500; }

std::string why(int64_t status, const HttpResponse& response) {
  const std::string said = error_message(response.body);
  switch (status) {
    case 401:
    case 403: return fmt::format("it refuses the key ({}): {}", status, said);
    case 404: return fmt::format("there is no such address or model (404): {}", said);
    default: return fmt::format("it answered {}: {}", status, said);
  }
}

}  // namespace

ChatClient::ChatClient(ChatConfig config) : config_(std::move(config)) {
  while (config_.url.ends_with('/')) config_.url.pop_back();
  REQUIRE(config_.url.starts_with("http://") || config_.url.starts_with("https://"),
          "a language model's URL must begin with http:// or https://, such as http://127.0.0.1:8080/v1, not '{}'", config_.url);
}

ChatReply ChatClient::chat(const std::vector<ChatMessage>& messages, const ChatOptions& options) const {
  REQUIRE(!messages.empty(), "there is no message");
  REQUIRE(options.stop.size() <= 4, "there may be 4 stop strings, not {}", options.stop.size());
  const auto fail = [&](const std::string& reason) {
    return base::ResourceError(fmt::format("the language model at {} cannot be used: {}", config_.url, reason));
  };
  HttpRequest request;
  request.url = config_.url + "/chat/completions";
  request.headers = {"Content-Type: application/json", "Accept: application/json", "Expect:"};
  if (const char* key = config_.key_variable.empty() ? nullptr : std::getenv(config_.key_variable.c_str()); key && *key) {
    if (std::string_view(key).find_first_of("\r\n") != std::string_view::npos) throw fail(fmt::format("the key in {} holds a line break", config_.key_variable));
    request.headers.push_back(fmt::format("Authorization: Bearer {}", key));
  }
  request.body = base::dump_json(chat_request(config_.model, messages, options));
  request.connect_timeout = config_.connect_timeout;
  request.timeout = config_.timeout;
  request.response_bytes = config_.response_bytes;
  request.cancelled = [&] { return base::cancelled() || (options.cancelled && options.cancelled()); };

  base::Random random(std::random_device{}());
  for (int64_t failures = 0;; ++failures) {
    std::string reason;
    milliseconds pause = backoff(config_, failures, random);
    try {
      const HttpResponse response = http_post(request);
      if (response.status >= 200 && response.status < 300) {
        try {
          return read_chat_reply(response.body);
        } catch (const base::InvalidFile& error) {
          throw fail(fmt::format("it does not speak the chat completions format: {}", error.what()));
        }
      }
      reason = why(response.status, response);
      if (!passing(response.status)) throw fail(reason);
      if (response.retry_after) {
        if (*response.retry_after > config_.longest_wait) throw fail(fmt::format("{} (and asks for a wait of {} s)", reason, response.retry_after->count()));
        pause = *response.retry_after;
      }
    } catch (const HttpFailure& failure) {
      reason = failure.reason;
      if (!failure.worth_a_retry) throw fail(reason);
    }
    if (failures >= config_.retries) throw fail(failures == 0 ? reason : fmt::format("{}, after {} tries", reason, failures + 1));
    wait(pause, request.cancelled);
  }
}

Completion EndpointLanguageModel::complete(const Prompt& prompt, const CompletionOptions& options) const {
  const ChatReply reply = client_.chat({ChatMessage::of_text("user", joined(prompt))},
                                       {.max_tokens = options.max_new_tokens, .temperature = options.temperature, .seed = options.seed,
                                        .stop = options.stop, .logprobs = true, .cancelled = cancelled_});
  Completion completion{reply.text, reply.log_probability};
  cut_at_stop(completion.text, options.stop);  // some servers ignore it
  return completion;
}

std::string EndpointLanguageModel::name() const {
  const ChatConfig& config = client_.config();
  return config.model.empty() ? config.url : fmt::format("{} at {}", config.model, config.url);
}

}  // namespace atelier::text
