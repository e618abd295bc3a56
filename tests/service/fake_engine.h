#pragma once
/// An engine without weights that can be held, watched and made to fail; and a live service around it.
#include "apps/service/service.h"
#include "apps/service/api_error.h"
#include "base/json.h"
#include "tests/service/client.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <thread>

namespace atelier::service {

using base::json;

/// What a test sees of the engine, and tells it.
struct Controls {
  std::atomic<bool> hold = false, hold_loading = false;  // true: the work in hand does not end
  std::atomic<int> begun = 0, cancelled = 0;
  std::mutex mutex;
  std::vector<apps::PictureRequest> drawn;
  std::vector<ChatTask> chats;

  void wait_for(const std::atomic<int>& count, int value) const {
    for (int i = 0; i < 2000 && count < value; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_GE(count.load(), value);
  }
};

class FakeEngine : public Engine {
 public:
  explicit FakeEngine(Controls& controls) : controls_(controls) {
    while (controls.hold_loading) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    info_ = {.name = "fake", .version = "1", .hash = "0123456789abcdef", .chat = "fake-chat", .draw = "fake-draw", .embed = "fake-embed",
             .models = {{"fake-chat", "Chats", {"text", "image"}, {"text"}},
                        {"fake-draw", "Draws", {"text", "image"}, {"image"}},
                        {"fake-embed", "Embeds", {"text", "image"}, {"embedding"}}},
             .picture_size = 32, .styles = {"noto style"}, .samplers = {"ddim"}, .context_tokens = 64, .embedding_dimension = 3,
             .memory_documents = 2, .answers_pictures = true};
  }
  const EngineInfo& info() const override { return info_; }

  vision::Image draw(const apps::PictureRequest& request, const apps::Painter::StepCallback& on_step) override {
    fail_if_asked(request.prompt);
    {
      const std::lock_guard lock(controls_.mutex);
      controls_.drawn.push_back(request);
    }
    ++controls_.begun;
    try {
      for (int64_t step = 0; step < request.steps; ++step) {
        do {
          on_step(step, [&] { return vision::Image(32, 32, 3, static_cast<uint8_t>(step)); });
          if (controls_.hold) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        } while (controls_.hold);
      }
    } catch (const base::Cancelled&) {
      ++controls_.cancelled;
      throw;
    }
    return vision::Image(32, 32, 3, static_cast<uint8_t>(request.seed));
  }

  Tensor embed_texts(const std::vector<std::string>& texts) override {
    Tensor all = at::empty({static_cast<int64_t>(texts.size()), 3});
    for (size_t i = 0; i < texts.size(); ++i) all[static_cast<int64_t>(i)] = at::tensor({1.0f, static_cast<float>(texts[i].size()), 0.5f});
    return all;
  }
  Tensor embed_pictures(const std::vector<vision::Image>& pictures) override {
    Tensor all = at::empty({static_cast<int64_t>(pictures.size()), 3});
    for (size_t i = 0; i < pictures.size(); ++i)
      all[static_cast<int64_t>(i)] = at::tensor({2.0f, static_cast<float>(pictures[i].width), static_cast<float>(pictures[i].pixels[0])});
    return all;
  }
  int64_t embedding_tokens(const std::vector<std::string>& texts, size_t pictures) const override {
    return static_cast<int64_t>(2 * texts.size() + 5 * pictures);
  }

  std::vector<Found> search(const std::string* text, const vision::Image* picture, int64_t count, bool thumbnails) override {
    std::vector<Found> found;
    for (int64_t row = 0; row < std::min<int64_t>(count, 2); ++row) {
      retrieval::Document d;
      d.row = row;
      d.id = row == 0 ? "apple" : "pear";
      d.caption = (text ? *text : "") + (picture ? "+picture" : "");
      d.licence = "CC0-1.0";
      found.push_back({d, row == 0 ? 0.9f : 0.5f, thumbnails ? vision::encode_png(vision::Image(4, 4)) : ""});
    }
    return found;
  }
  std::vector<apps::ContextDocument> retrieve(const std::string& prompt, int64_t count) override {
    return std::vector<apps::ContextDocument>(static_cast<size_t>(count), {"apple", prompt, "somewhere", "CC0-1.0", 0.8, vision::Image(4, 4), ""});
  }

  /// Says the last turn's words back, a token each, and at the end how many pictures there were.
  ChatOutcome chat(const ChatTask& task, const std::function<bool(const ChatToken&)>& on_token) override {
    fail_if_asked(task.turns.back().text);
    {
      const std::lock_guard lock(controls_.mutex);
      controls_.chats.push_back(task);
    }
    ++controls_.begun;
    size_t pictures = 0;
    for (const ChatTurn& turn : task.turns) pictures += turn.pictures.size();
    std::istringstream words(task.turns.back().text + (pictures ? " " + std::to_string(pictures) : ""));
    ChatOutcome outcome{7, 0, false};
    try {
      for (std::string word; words >> word;) {
        if (outcome.completion_tokens == task.max_tokens) return outcome;
        ChatToken token{outcome.completion_tokens ? " " + word : word, -0.25, {}};
        for (int64_t i = 0; i < task.top_logprobs; ++i) token.top.emplace_back("alternative", -1.0 - static_cast<double>(i));
        do {
          ++outcome.completion_tokens;
          if (!on_token(token)) return outcome;
          if (controls_.hold) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        } while (controls_.hold);
      }
    } catch (const base::Cancelled&) {
      ++controls_.cancelled;
      throw;
    }
    outcome.ended = true;
    return outcome;
  }

 private:
  static void fail_if_asked(const std::string& text) {
    if (text == "no memory") throw std::bad_alloc();
    if (text == "broken") throw std::runtime_error("open /srv/secret/weights: denied");
    if (text == "libtorch") TORCH_CHECK(false, "tensor at /srv/secret");
    if (text == "too long") throw base::InvalidArgument("the conversation has 99 tokens; at most 64 fit");
  }

  Controls& controls_;
  EngineInfo info_;
};

/// A service on a free port, running until the test is over.
class Live : public ::testing::Test {
 protected:
  void TearDown() override { stop(); }

  void start() {
    options.port = 0;
    service = std::make_unique<Service>(options, [this] { return std::make_unique<FakeEngine>(controls); });
    port = service->port();
    thread = std::thread([this] { service->run(false); });
    if (!controls.hold_loading) wait_until_ready();
  }
  void wait_until_ready() const {
    for (int i = 0; i < 2000 && ask(port, "GET", "/health").status != 200; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  void stop() {
    controls.hold = controls.hold_loading = false;
    if (!thread.joinable()) return;
    service->drain();
    thread.join();
    service.reset();
  }

  Response post(const std::string& path, const json& body, const Headers& headers = {}) const {
    return ask(port, "POST", path, body.dump(), headers);
  }
  /// A request that must be refused. @return the error object
  json refused(int status, const Response& response) const {
    EXPECT_EQ(response.status, status) << response.body;
    const json document = json::parse(response.body, nullptr, false);
    if (!document.is_object() || !document.contains("error")) {
      ADD_FAILURE() << "no error object: " << response.body;
      return json::object();
    }
    EXPECT_TRUE(document["error"]["message"].is_string());
    EXPECT_TRUE(document["error"]["type"].is_string());
    return document["error"];
  }
  std::string message(int status, const Response& response) const { return refused(status, response).value("message", ""); }

  Controls controls;
  ServiceOptions options;
  std::unique_ptr<Service> service;
  uint16_t port = 0;
  std::thread thread;
};

/// The "data:" of each event of a stream.
inline std::vector<std::string> events(const std::string& body) {
  std::vector<std::string> found;
  for (size_t at = 0; (at = body.find("data: ", at)) != body.npos;) {
    const size_t end = body.find("\n\n", at);
    found.push_back(body.substr(at + 6, end - at - 6));
    at = end;
  }
  return found;
}

}  // namespace atelier::service
