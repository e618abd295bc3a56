// PromptCap over a language model on another server: a slow one holds up nobody else.
#include "apps/model_folder.h"
#include "apps/service/starter_engine.h"
#include "base/base64.h"
#include "base/compute.h"
#include "tests/client/fake_server.h"
#include "tests/service/fake_engine.h"

#include <condition_variable>
#include <future>

namespace atelier::service {
namespace {

/// A server that answers once it is told to.
struct SlowServer {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  std::atomic<int> asked = 0;
  std::string answer = tests::chat_reply("a pear");
  tests::FakeServer server{[this](size_t, const std::string&) {
    std::unique_lock lock(mutex);
    ++asked;
    changed.wait_for(lock, std::chrono::seconds(120), [&] { return open; });
    return answer;
  }};
  void release() {
    {
      const std::lock_guard lock(mutex);
      open = true;
    }
    changed.notify_all();
  }
  void wait_until_asked(int times) const {
    for (int i = 0; i < 24000 && asked < times; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_GE(asked.load(), times);
  }
};

class Elsewhere : public ::testing::Test {
 protected:
  void SetUp() override {
    base::initialise_compute({.device = "cpu", .dtype = "", .threads = 2});
    text::ChatConfig server;
    server.url = slow.server.url();
    server.retries = 0;
    ServiceOptions options;
    options.port = 0;
    service = std::make_unique<Service>(options, [server] { return open_starter_engine({apps::default_model_folder(), {}, server}); });
    thread = std::thread([this] { service->run(false); });
    while (ask(service->port(), "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  void TearDown() override {
    slow.release();
    service->drain();
    thread.join();
    service.reset();
  }
  static std::string question(bool picture) {
    const std::string uri = "data:image/png;base64," + base::encode_base64(vision::encode_png(vision::Image(32, 32, 3, 200)));
    json content = json::array({{{"type", "text"}, {"text", "what is it?"}}});
    if (picture) content.push_back({{"type", "image_url"}, {"image_url", uri}});
    return json{{"model", "atelier-promptcap"}, {"messages", {{{"role", "user"}, {"content", content}}}}, {"n", 2}}.dump();
  }
  Response chat(bool picture) const { return ask(service->port(), "POST", "/v1/chat/completions", question(picture)); }

  SlowServer slow;
  std::unique_ptr<Service> service;
  std::thread thread;
};

TEST_F(Elsewhere, OthersAreServedWhileTheServerThinks) {
  auto waiting = std::async(std::launch::async, [&] { return chat(true); });
  slow.wait_until_asked(1);
  const Response drawn = ask(service->port(), "POST", "/v1/images/generations", R"({"prompt": "a red apple", "steps": 1, "seed": 1})");
  EXPECT_EQ(drawn.status, 200) << drawn.body.substr(0, 200);
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "answered before the server spoke";
  slow.release();
  const Response answered = waiting.get();
  ASSERT_EQ(answered.status, 200) << answered.body;
  const json choices = json::parse(answered.body)["choices"];
  ASSERT_EQ(choices.size(), 2U);
  EXPECT_EQ(choices[1]["message"]["content"], "a pear");
  EXPECT_EQ(json::parse(chat(false).body)["choices"][0]["message"]["content"], "a pear");
}

TEST_F(Elsewhere, AClientThatLeavesEndsTheWait) {
  {
    Client client(service->port());
    client.send(request_text("POST", "/v1/chat/completions", question(false)));
    slow.wait_until_asked(1);
  }
  // Draining waits for what is in work; nobody waits for this any more.
  const auto begin = std::chrono::steady_clock::now();
  service->drain();
  thread.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  thread = std::thread([] {});
}

TEST_F(Elsewhere, AServerThatFailsIsABadGateway) {
  slow.answer = tests::http(500, "{}");
  slow.release();
  const Response response = chat(true);
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(json::parse(response.body)["error"]["code"], "language_model_failed");
}

}  // namespace
}  // namespace atelier::service
