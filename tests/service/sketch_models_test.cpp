// Tools that ask models, over a live service: the models' work is done by the one thread that owns them, and nobody waits
// for it longer than there is a reason to.
#include "tests/service/fake_engine.h"

namespace atelier::service {
namespace {

/// Knows which thread made it, and counts calls from others; holds pictures as FakeEngine does.
class FakeTools : public sketchpad::Models {
 public:
  explicit FakeTools(Controls& controls) : controls_(controls) {}
  std::vector<double> similarities(const vision::Image&, const std::vector<std::shared_ptr<const vision::Image>>& others, const std::vector<std::string>& texts) override {
    enter();
    return std::vector<double>(others.size() + texts.size(), 0.5);
  }
  sketchpad::Answered answer(const vision::Image& picture, const std::string& question) override {
    enter();
    if (question == "damaged?") throw base::InvalidFile("/srv/secret/model.safetensors: is cut off");
    if (question == "no words?") throw base::InvalidArgument("the question has 2000 tokens");
    if (question == "bug?") throw std::runtime_error("at /srv/secret");
    return {std::to_string(picture.width) + " wide", question};
  }
  std::vector<sketchpad::Recalled> recall(const std::string* text, const vision::Image* picture, int64_t) override {
    enter();
    return {{"apple", (text ? *text : "") + (picture ? "+picture" : ""), "here", "CC0-1.0", 0.9, std::make_shared<const vision::Image>(4, 4)}};
  }
  vision::Image imagine(const std::string&, int64_t steps, uint64_t seed, const std::function<void()>& on_step) override {
    enter();
    ++controls_.begun;
    try {
      for (int64_t i = 0; i < steps; ++i) do {
          on_step();
          if (controls_.hold) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        } while (controls_.hold);
    } catch (const base::Cancelled&) {
      ++controls_.cancelled;
      throw;
    }
    return vision::Image(16, 16, 3, static_cast<uint8_t>(seed));
  }

 private:
  void enter() const { EXPECT_EQ(std::this_thread::get_id(), owner_) << "a model was touched by another thread than its own"; }
  Controls& controls_;
  const std::thread::id owner_ = std::this_thread::get_id();
};

class EngineWithTools : public FakeEngine {
 public:
  explicit EngineWithTools(Controls& controls) : FakeEngine(controls), tools_(controls) {}
  sketchpad::Models* tools() override { return &tools_; }

 private:
  FakeTools tools_;
};

class SketchingWithModels : public Live {
 protected:
  void start_with_models(bool wait = true) {
    options.port = 0;
    service = std::make_unique<Service>(options, [this] { return std::make_unique<EngineWithTools>(controls); });
    port = service->port();
    thread = std::thread([this] { service->run(false); });
    if (wait) wait_until_ready();
  }
  static json step(const char* tool, json arguments) { return {{"thought", "so"}, {"call", {{"tool", tool}, {"arguments", std::move(arguments)}}}}; }
  static json imagine() { return step("imagine", {{"prompt", "a red apple"}, {"seed", 7}, {"steps", 3}}); }
  std::string begin() const { return json::parse(post("/v1/sketch/sessions", {{"question", "What is it?"}}).body)["id"]; }
  static std::string branch(const std::string& id, const json& moves) { return request_text("POST", "/v1/sketch/branches", json{{"session", id}, {"keep", 0}, {"moves", moves}}.dump()); }
  /// The observations of a branch with these calls.
  std::vector<json> seen(const std::string& id, const json& moves) const {
    Client client(port);
    client.send(branch(id, moves));
    const Response response = client.response();
    EXPECT_EQ(response.status, 200) << response.body;
    const json answer = json::parse(response.body, nullptr, false);
    std::vector<json> out;
    for (const json& one : answer["trace"]["steps"]) out.push_back(one["observation"]);
    return out;
  }
  bool chains_can_be_worked_on(const std::string& id) const { return seen(id, json::array({step("new_canvas", json::object())})).at(0)["ok"]; }
};

TEST_F(SketchingWithModels, EachToolIsAnsweredByTheThreadThatOwnsTheModels) {
  start_with_models();
  const auto all = seen(begin(), json::array({imagine(), step("ask", {{"question", "how wide?"}}), step("similar", {{"words", {"a dog"}}}), step("recall", {{"words", "a dog"}, {"picture", "imagined_1"}})}));
  ASSERT_EQ(all.size(), 4u);
  for (const json& one : all) EXPECT_TRUE(one["ok"].get<bool>()) << one;
  EXPECT_NE(all[0]["text"].get<std::string>().find("16 x 16 pixels drawn for \"a red apple\", seed 7"), std::string::npos);
  EXPECT_TRUE(all[0].contains("file"));
  EXPECT_EQ(all[1]["data"]["answer"], "16 wide");
  EXPECT_EQ(all[2]["data"]["similarities"][0]["similarity"], 0.5);
  EXPECT_EQ(all[3]["data"]["found"][0]["caption"], "a dog+picture");
  EXPECT_NE(ask(port, "GET", "/metrics").body.find("stage=\"tool\""), std::string::npos);
}

TEST_F(SketchingWithModels, WhatGoesWrongThereIsAnObservationWithoutPaths) {
  start_with_models();
  const std::string id = begin();
  const auto all = seen(id, json::array({step("new_canvas", json::object()), step("ask", {{"question", "no words?"}}), step("ask", {{"question", "damaged?"}})}));
  EXPECT_EQ(all[1]["text"], "ask: the question has 2000 tokens");
  EXPECT_FALSE(all[2]["ok"].get<bool>());
  EXPECT_EQ(all[2].dump().find("secret"), std::string::npos) << all[2];
  Client client(port);
  client.send(branch(id, json::array({step("new_canvas", json::object()), step("ask", {{"question", "bug?"}})})));
  const Response response = client.response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), response.body.npos);
  EXPECT_TRUE(chains_can_be_worked_on(id));
}

TEST_F(SketchingWithModels, AnEngineWithoutToolsAndOneThatIsBeingLoadedSaySo) {
  start();
  EXPECT_NE(seen(begin(), json::array({imagine()})).at(0)["text"].get<std::string>().find("no models for it"), std::string::npos);
  stop();
  controls.hold_loading = true;
  start_with_models(false);
  EXPECT_NE(seen(begin(), json::array({imagine()})).at(0)["text"].get<std::string>().find("imagine: the models are being loaded"), std::string::npos);
}

TEST_F(SketchingWithModels, AClientThatLeavesEndsTheDrawingThatItsToolBegan) {
  start_with_models();
  controls.hold = true;
  const std::string id = begin();
  Client client(port);
  client.send(branch(id, json::array({imagine()})));
  controls.wait_for(controls.begun, 1);
  client.close();
  controls.wait_for(controls.cancelled, 1);
  controls.hold = false;
  EXPECT_TRUE(chains_can_be_worked_on(id));
  EXPECT_EQ(seen(id, json::array({imagine()})).size(), 1u);
}

// The inference thread is busy with somebody else: who leaves meanwhile keeps nobody from sketching.
TEST_F(SketchingWithModels, AClientThatLeavesWhileItsToolWaitsFreesTheDesk) {
  start_with_models();
  controls.hold = true;
  Client drawing(port);
  drawing.send(request_text("POST", "/v1/images/generations", json{{"prompt", "x"}, {"steps", 1}}.dump()));
  controls.wait_for(controls.begun, 1);
  const std::string id = begin();
  for (const json& call : json::array({imagine(), step("ask", {{"question", "how wide?"}, {"picture", "canvas"}})})) {
    Client client(port);
    client.send(branch(id, json::array({step("new_canvas", json::object()), call})));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    client.close();
    EXPECT_TRUE(chains_can_be_worked_on(id));
  }
  controls.hold = false;
  EXPECT_EQ(drawing.response().status, 200);
  EXPECT_EQ(controls.begun, 1) << "a picture was drawn that nobody waits for";
}

TEST_F(SketchingWithModels, ADrainWaitsForTheToolAndItsClientGetsTheChain) {
  start_with_models();
  controls.hold = true;
  Client client(port);
  client.send(branch(begin(), json::array({imagine()})));
  controls.wait_for(controls.begun, 1);
  service->drain();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  controls.hold = false;
  const Response response = client.response();
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(json::parse(response.body)["trace"]["steps"][0]["observation"]["ok"].get<bool>());
  thread.join();
}

// A drain with no patience, one tool at work and one in the queue behind it: both end, and the service with them.
TEST_F(SketchingWithModels, ADrainThatLosesPatienceEndsWhatIsAtWorkAndWhatWaits) {
  options.limits.drain = std::chrono::milliseconds(50);
  start_with_models();
  controls.hold = true;
  Client drawing(port), client(port);
  drawing.send(request_text("POST", "/v1/images/generations", json{{"prompt", "x"}, {"steps", 1}}.dump()));
  controls.wait_for(controls.begun, 1);
  client.send(branch(begin(), json::array({imagine()})));
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  const auto began = std::chrono::steady_clock::now();
  service->drain();
  thread.join();
  service.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  EXPECT_EQ(controls.cancelled, 1);
}

// With one place in the queue, which somebody has, a tool is told to try again.
TEST_F(SketchingWithModels, AFullQueueIsAnObservation) {
  options.limits.queue = 1;
  start_with_models();
  controls.hold = true;
  Client drawing(port), behind(port);
  for (Client* one : {&drawing, &behind}) {
    one->send(request_text("POST", "/v1/images/generations", json{{"prompt", "x"}, {"steps", 1}}.dump()));
    controls.wait_for(controls.begun, 1);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto all = seen(begin(), json::array({imagine()}));
  EXPECT_NE(all.at(0)["text"].get<std::string>().find("requests are waiting already; try again"), std::string::npos) << all[0];
}

}  // namespace
}  // namespace atelier::service
