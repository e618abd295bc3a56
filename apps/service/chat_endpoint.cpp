#include "apps/service/drawing.h"
#include "apps/service/endpoints.h"
#include "apps/service/text_stream.h"

#include <ctime>
#include <memory>

namespace atelier::service {
namespace {

/// One chat's answers, sent in pieces or kept until they are complete.
class Answer {
 public:
  Answer(Exchange& exchange, const ChatJob& job) : exchange_(exchange), job_(job), created_(std::time(nullptr)), choices_(json::array()) {}

  void next(int64_t index) {
    index_ = index;
    opened_ = false;
    content_.clear();
    logprobs_ = json::array();
    images_ = json::array();
  }

  void text(const std::string& text, const ChatToken* token) {
    json logprobs = json::array();
    if (job_.logprobs && token) logprobs.push_back(describe(*token));
    if (!job_.stream) {
      content_ += text;
      for (json& one : logprobs) logprobs_.push_back(std::move(one));
    } else if (!text.empty() || !logprobs.empty()) {
      piece({{"content", text}}, nullptr, job_.logprobs ? json{{"content", std::move(logprobs)}} : json());
    }
  }

  void picture(const std::string& base64) {
    json image = {{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64," + base64}}}};
    if (job_.stream) piece({{"images", json::array({std::move(image)})}}, nullptr);
    else images_.push_back(std::move(image));
  }

  void finish(const char* reason) {
    if (job_.stream) return piece(json::object(), reason);
    json message = {{"role", "assistant"}, {"content", std::move(content_)}};
    if (!images_.empty()) message["images"] = std::move(images_);
    choices_.push_back({{"index", index_}, {"message", std::move(message)}, {"finish_reason", reason},
                        {"logprobs", job_.logprobs ? json{{"content", std::move(logprobs_)}} : json()}});
  }

  void end(int64_t prompt_tokens, int64_t completion_tokens) {
    const json usage = {{"prompt_tokens", prompt_tokens}, {"completion_tokens", completion_tokens}, {"total_tokens", prompt_tokens + completion_tokens}};
    if (!job_.stream) {
      json reply = frame("chat.completion", std::move(choices_));
      reply["usage"] = usage;
      return reply_json(exchange_, reply);
    }
    if (job_.include_usage) {
      json last = frame("chat.completion.chunk", json::array());
      last["usage"] = usage;
      exchange_.write(event_text("", last));
    }
    exchange_.write("data: [DONE]\n\n");
    exchange_.end();
  }

 private:
  json frame(const char* object, json choices) const {
    return {{"id", "chatcmpl-" + exchange_.request().id}, {"object", object}, {"created", created_}, {"model", job_.task.model},
            {"system_fingerprint", fmt::format("seed-{}", job_.task.seed)}, {"choices", std::move(choices)}};
  }

  void piece(json delta, const char* reason, json logprobs = {}) {
    // Not before there is something to send: what is refused until then still gets its own status.
    if (!exchange_.begun()) exchange_.begin("text/event-stream");
    if (!std::exchange(opened_, true)) piece({{"role", "assistant"}, {"content", ""}}, nullptr);
    json choice = {{"index", index_}, {"delta", std::move(delta)}, {"finish_reason", reason ? json(reason) : json()}, {"logprobs", std::move(logprobs)}};
    json chunk = frame("chat.completion.chunk", json::array({std::move(choice)}));
    if (job_.include_usage) chunk["usage"] = nullptr;
    exchange_.write(event_text("", chunk));
  }

  static json named(const std::string& bytes, double logprob) {
    json numbers = json::array();
    for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
    return {{"token", bytes}, {"logprob", logprob}, {"bytes", std::move(numbers)}};
  }
  static json describe(const ChatToken& token) {
    json result = named(token.bytes, token.logprob), top = json::array();
    for (const auto& [bytes, logprob] : token.top) top.push_back(named(bytes, logprob));
    result["top_logprobs"] = std::move(top);
    return result;
  }

  Exchange& exchange_;
  const ChatJob& job_;
  const std::time_t created_;
  int64_t index_ = 0;
  bool opened_ = false;  // the role was said
  std::string content_;
  json logprobs_, images_, choices_;
};

/// Engine::chat, or what stands for it.
using Say = std::function<ChatOutcome(uint64_t seed, const std::function<bool(const ChatToken&)>& on_token)>;

/// One text. @return what it took
ChatOutcome write_text(EngineHost& host, const Say& say, const Exchange& exchange, const ChatJob& job, int64_t index, Answer& answer) {
  TextStream stream(job.stop);
  const auto start = std::chrono::steady_clock::now();
  bool first = true;
  ChatOutcome outcome = say(job.task.seed + static_cast<uint64_t>(index), [&](const ChatToken& token) {
    throw_if_gone(exchange);
    if (std::exchange(first, false)) host.metrics.stage("first_token", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const std::string text = stream.push(token.bytes);
    answer.text(text, &token);
    return !stream.stopped();
  });
  if (const std::string rest = stream.finish(); !rest.empty()) answer.text(rest, nullptr);
  answer.finish(outcome.ended || stream.stopped() ? "stop" : "length");
  return outcome;
}

/// An answer that is a picture of the last turn's text.
void draw_answer(EngineHost& host, Engine& engine, const Exchange& exchange, const ChatJob& job, int64_t index, Answer& answer) {
  apps::PictureRequest request;
  request.prompt = job.task.turns.back().text;
  request.sampler = ImageRequest().sampler;
  request.seed = job.task.seed + static_cast<uint64_t>(index);
  apps::PictureRecord record = make_record(request, engine.info());
  record.seed = static_cast<int64_t>(request.seed);
  answer.picture(encode(host, draw(host, engine, exchange, request), record, "png", 0));
  answer.finish("stop");
}

/// @param engine  for drawings; null where `say` does it all
void answer_chat(EngineHost& host, Engine* engine, const Say& say, Exchange& exchange, const ChatJob& job) {
  const StageTimer timer(host.metrics, "answer");
  Answer answer(exchange, job);
  int64_t prompt_tokens = 0, completion_tokens = 0;
  for (int64_t i = 0; i < job.n; ++i) {
    throw_if_gone(exchange);
    answer.next(i);
    if (job.draw) {
      draw_answer(host, *engine, exchange, job, i, answer);
      continue;
    }
    const ChatOutcome outcome = write_text(host, say, exchange, job, i, answer);
    prompt_tokens = outcome.prompt_tokens;  // read once for all answers
    completion_tokens += outcome.completion_tokens;
  }
  host.metrics.prompt_tokens.Increment(static_cast<double>(prompt_tokens));
  host.metrics.completion_tokens.Increment(static_cast<double>(completion_tokens));
  answer.end(prompt_tokens, completion_tokens);
}

void begin_chat(EngineHost& host, Engine& engine, const std::shared_ptr<Exchange>& exchange, const std::shared_ptr<const ChatJob>& job) {
  if (!job->draw)
    if (Engine::Elsewhere rest = engine.chat_elsewhere(job->task)) {
      host.run_elsewhere(exchange, [&host, exchange, job, rest = std::move(rest)] {
        const auto gone = [&] { return exchange->gone(); };
        answer_chat(host, nullptr, [&](uint64_t seed, const auto& on_token) { return rest(seed, gone, on_token); }, *exchange, *job);
      });
      return;
    }
  const Say say = [&](uint64_t seed, const auto& on_token) {
    ChatTask task = job->task;
    task.seed = seed;
    return engine.chat(task, on_token);
  };
  answer_chat(host, &engine, say, *exchange, *job);
}

}  // namespace

void add_chat_endpoint(Router& router, EngineHost& host) {
  const Handler handler = [&host](const std::shared_ptr<Exchange>& exchange) {
    const auto job = std::make_shared<const ChatJob>(parse<ChatRequest>(host, *exchange));
    host.run(exchange, [&host, exchange, job](Engine& engine) { begin_chat(host, engine, exchange, job); });
  };
  router.add({.method = "POST", .path = "/v1/chat/completions", .handler = handler, .body = true});
}

}  // namespace atelier::service
