// The sketch page and its API over real sockets: chains that run, branch, stop, are exported, and go.
#include "apps/service/sketch_sessions.h"
#include "base/base64.h"
#include "base/files.h"
#include "sketchpad/tools.h"
#include "tests/service/fake_engine.h"

namespace atelier::service {
namespace {

class Sketching : public Live {
 protected:
  json answered(const Response& response) const {
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body, nullptr, false);
  }
  json begin(const json& body) const { return answered(post("/v1/sketch/sessions", body)); }
  json branch(const json& body) const { return answered(post("/v1/sketch/branches", body)); }
  std::vector<json> run(const std::string& id, const std::string& planner = "rules") const {
    const Response response = post("/v1/sketch/run", {{"session", id}, {"planner", planner}});
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<json> all;
    for (const std::string& text : events(response.body)) all.push_back(json::parse(text));
    return all;
  }
  static json example(const std::string& task = "connectivity", int64_t seed = 1) { return {{"task", task}, {"seed", seed}}; }
  static json line(double y) { return {{"thought", "by hand"}, {"call", {{"tool", "draw_line"}, {"arguments", {{"a", {0.1, y}}, {"b", {0.9, y}}}}}}}; }
  static std::string picture(int64_t side) { return "data:image/png;base64," + base::encode_base64(vision::encode_png(vision::Image(side, side))); }
};

TEST_F(Sketching, EveryFileOfThePageIsServedWithItsPolicyAndNeedsNoKey) {
  const tests::TemporaryFolder folder;
  base::write_file(folder / "keys", "a-key-of-more-than-sixteen-bytes\n");
  options.api_key_file = folder / "keys";
  start();
  for (const char* path : {"/sketch", "/sketch/style.css", "/sketch/icon.svg", "/sketch/main.js", "/sketch/api.js", "/sketch/dom.js", "/sketch/board.js",
                           "/sketch/sketch.js", "/sketch/chain.js", "/sketch/step.js", "/sketch/imagine.js", "/sketch/ask.js"}) {
    const Response file = ask(port, "GET", path);
    EXPECT_EQ(file.status, 200) << path;
    EXPECT_GT(file.body.size(), 100u) << path;
    const std::string policy = file.headers.at("content-security-policy");
    EXPECT_NE(policy.find("default-src 'self'; img-src 'self' data: blob:"), policy.npos);
    EXPECT_EQ(policy.find("unsafe"), policy.npos);
    // Nothing comes from elsewhere; the one address that is written out is SVG's name.
    for (size_t at = file.body.find("://"); at != file.body.npos; at = file.body.find("://", at + 1))
      EXPECT_EQ(file.body.substr(at - 4, 17), "http://www.w3.org") << path;
  }
  const std::string html = ask(port, "GET", "/sketch").body;
  EXPECT_EQ(html.find("style=\""), html.npos);
  EXPECT_EQ(html.find("onclick"), html.npos);
  EXPECT_EQ(refused(401, ask(port, "GET", "/v1/sketch"))["code"], "invalid_api_key");
  EXPECT_EQ(refused(401, post("/v1/sketch/sessions", example()))["code"], "invalid_api_key");
  EXPECT_EQ(ask(port, "GET", "/v1/sketch", "", {{"Authorization", "Bearer a-key-of-more-than-sixteen-bytes"}}).status, 200);
}

TEST_F(Sketching, WhatThereIsIsSaid) {
  start();
  json there = answered(ask(port, "GET", "/v1/sketch"));
  ASSERT_EQ(there["planners"].size(), 1u);  // no weights, no endpoint
  EXPECT_EQ(there["planners"][0]["id"], "rules");
  EXPECT_EQ(there["tasks"].size(), 10u);
  EXPECT_GT(there["tools"].size(), 30u);
  const json api = answered(ask(port, "GET", "/openapi.json"));
  for (const char* path : {"/v1/sketch", "/v1/sketch/problems", "/v1/sketch/sessions", "/v1/sketch/sessions/{id}", "/v1/sketch/run", "/v1/sketch/branches"})
    EXPECT_TRUE(api["paths"].contains(path)) << path;
  EXPECT_EQ(api["components"]["schemas"]["SketchRequest"]["properties"]["steps"]["maximum"], 40);
}

// Every example runs to its answer, step by step, with the pictures that were drawn.
TEST_F(Sketching, ExamplesOfEveryTaskRunToAnAnswer) {
  start();
  for (const std::string task : {"connectivity", "isomorphism", "maxflow", "parity", "convexity", "chess_winner", "geometry", "jigsaw", "pictures", "scenes"}) {
    const json problem = answered(post("/v1/sketch/problems", example(task)));
    EXPECT_FALSE(problem.contains("answer")) << task;
    const json begun = begin(example(task));
    EXPECT_EQ(begun["trace"]["problem"]["question"], problem["question"]);
    const auto all = run(begun["id"]);
    ASSERT_GE(all.size(), 3u) << task;
    for (size_t i = 0; i + 1 < all.size(); ++i) EXPECT_EQ(all[i]["index"], i) << task;
    EXPECT_EQ(all.back()["type"], "sketch.ended") << task;
    EXPECT_EQ(all.back()["outcome"], "answered") << task;
    EXPECT_TRUE(all.back()["right"].is_boolean()) << task;
  }
}

TEST_F(Sketching, AConnectivityChainShowsItsDrawingAndIsRight) {
  start();
  const auto all = run(begin(example())["id"]);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["step"]["call"]["tool"], "draw_graph");
  const std::string file = all[0]["step"]["observation"]["file"];
  const vision::Image drawn = vision::decode_image(base::decode_base64(file.substr(file.find(',') + 1), 1 << 20, "drawing"), "drawing");
  EXPECT_EQ(drawn.width, 640);
  EXPECT_EQ(all.back()["right"], true);
}

// A branch begins as the chain did; the chain stays as it was.
TEST_F(Sketching, StepsAreReplacedInsertedLeftOutAndGoneOnFrom) {
  start();
  const std::string id = begin(example())["id"];
  run(id);
  const json before = answered(ask(port, "GET", "/v1/sketch/sessions/" + id));
  ASSERT_EQ(before["trace"]["steps"].size(), 3u);

  // In place of the second step, the answer after it.
  json made = branch({{"session", id}, {"keep", 1}, {"skip", 1}, {"moves", {line(0.5)}}, {"follow", true}});
  ASSERT_EQ(made["trace"]["steps"].size(), 3u);
  EXPECT_EQ(made["trace"]["steps"][1]["call"]["tool"], "draw_line");
  EXPECT_NE(made["trace"]["steps"][1]["observation"]["file"], before["trace"]["steps"][0]["observation"]["file"]);
  EXPECT_EQ(made["trace"]["branch_of"], id);
  // Between the first and the second.
  made = branch({{"session", id}, {"keep", 1}, {"moves", {line(0.3), line(0.7)}}, {"follow", true}});
  ASSERT_EQ(made["trace"]["steps"].size(), 5u);
  EXPECT_EQ(made["trace"]["steps"][3]["call"]["tool"], "trace_path");
  // Without the second.
  made = branch({{"session", id}, {"keep", 1}, {"skip", 1}, {"follow", true}});
  ASSERT_EQ(made["trace"]["steps"].size(), 2u);
  // From the first on, by the planner.
  made = branch({{"session", id}, {"keep", 1}});
  ASSERT_EQ(made["trace"]["steps"].size(), 1u);
  EXPECT_EQ(run(made["id"]).back()["outcome"], "answered");

  EXPECT_EQ(answered(ask(port, "GET", "/v1/sketch/sessions/" + id)), before);
}

// What a person draws on an observation is there for the tools that look at it.
TEST_F(Sketching, LinesDrawnByHandAreSeen) {
  start();
  const std::string id = begin({{"question", "How many shapes are there?"}, {"pictures", picture(200)}})["id"];
  const json count = {{"call", {{"tool", "count"}, {"arguments", {{"what", "shapes"}, {"picture", "image_1"}}}}}};
  const json box = {{"call", {{"tool", "draw_polyline"}, {"arguments", {{"canvas", "image_1"}, {"colour", "#c62828"}, {"width", 5},
      {"points", {{0.2, 0.2}, {0.8, 0.2}, {0.8, 0.8}, {0.2, 0.8}, {0.2, 0.2}}}}}}}};
  const json empty = branch({{"session", id}, {"keep", 0}, {"moves", {count}}}), drawn = branch({{"session", id}, {"keep", 0}, {"moves", {box, count}}});
  EXPECT_EQ(empty["trace"]["steps"][0]["observation"]["text"].get<std::string>().substr(0, 2), "0 ");
  EXPECT_EQ(drawn["trace"]["steps"][1]["observation"]["text"].get<std::string>().substr(0, 2), "1 ") << drawn["trace"]["steps"][1]["observation"]["text"];
}

TEST_F(Sketching, AFailedCallIsAnObservationAndAnAnswerCanBeGiven) {
  start();
  const std::string id = begin({{"question", "Why?"}})["id"];
  const json made = branch({{"session", id}, {"keep", 0}, {"moves", {{{"call", {{"tool", "nothing"}}}}, {{"answer", "because"}}}}});
  EXPECT_FALSE(made["trace"]["steps"][0]["observation"]["ok"].get<bool>());
  EXPECT_EQ(made["trace"]["answer"], "because");
}

TEST_F(Sketching, ExportsAreTheTraceAndOnePage) {
  start();
  const std::string id = begin(example("pictures", 3))["id"];
  run(id);
  const json trace = answered(ask(port, "GET", "/v1/sketch/sessions/" + id))["trace"];
  EXPECT_EQ(trace["format"], "atelier sketch trace 1");
  EXPECT_EQ(trace["planner"], "rules");
  EXPECT_EQ(trace["problem"]["pictures"]["image_1"].get<std::string>().substr(0, 22), "data:image/png;base64,");
  const Response page = ask(port, "GET", "/v1/sketch/sessions/" + id + "/page.html");
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("<!doctype html>"), page.body.npos);
  EXPECT_EQ(page.body.find("<script"), page.body.npos);
  EXPECT_NE(page.headers.at("content-security-policy").find("sandbox"), std::string::npos);
}

TEST_F(Sketching, WhatCannotBeSketchedSaysWhy) {
  start();
  const auto says = [&](int status, const char* path, const json& body, const char* part) {
    const std::string text = message(status, post(path, body));
    EXPECT_NE(text.find(part), text.npos) << text;
  };
  says(400, "/v1/sketch/sessions", json::object(), "there is no question");
  says(400, "/v1/sketch/sessions", {{"question", std::string(4001, 'x')}}, "4001 bytes; at most 4000");
  says(400, "/v1/sketch/sessions", {{"task", "poetry"}}, "task");
  says(400, "/v1/sketch/sessions", {{"question", "x"}, {"steps", 41}}, "steps");
  says(400, "/v1/sketch/sessions", {{"question", "x"}, {"planner", "rules"}}, "there is no field \"planner\"");
  says(400, "/v1/sketch/sessions", {{"question", "x"}, {"pictures", "file:///etc/passwd"}}, "pictures");
  says(400, "/v1/sketch/sessions", {{"question", "x"}, {"pictures", json::array({picture(8), picture(8), picture(8), picture(8), picture(8)})}}, "4 pictures, not 5");
  says(400, "/v1/sketch/sessions", {{"question", "x"}, {"pictures", picture(2049)}}, "2049");
  says(400, "/v1/sketch/problems", {{"task", "parity"}, {"seed", -1}}, "seed");
  const std::string id = begin({{"question", "Why?"}})["id"];
  says(400, "/v1/sketch/run", {{"session", id}, {"planner", "rules"}}, "the examples as they are");
  says(501, "/v1/sketch/run", {{"session", id}}, "planner/");
  says(501, "/v1/sketch/run", {{"session", id}, {"planner", "endpoint"}}, "--lm-url");
  says(400, "/v1/sketch/run", {{"session", id}, {"planner", "http://169.254.169.254/"}}, "planner");
  says(404, "/v1/sketch/run", {{"session", "../../etc/passwd"}, {"planner", "rules"}}, "no such chain");
  says(400, "/v1/sketch/branches", {{"session", id}, {"keep", 3}}, "0 steps; it cannot keep 3");
  says(400, "/v1/sketch/branches", {{"session", id}, {"keep", 0}, {"moves", {{{"thought", "x"}}}}}, "moves[0] must have either a call or an answer");
  says(400, "/v1/sketch/branches", {{"session", id}, {"keep", 0}, {"moves", {{{"call", {{"tool", "count"}, {"arguments", "all"}}}}}}}, "must be an object");
  says(400, "/v1/sketch/branches", {{"session", id}, {"keep", 0}, {"moves", json(41, {{"answer", "x"}})}}, "at most 40");
  message(404, ask(port, "GET", "/v1/sketch/sessions/" + std::string(32, '0')));
  // The question of an example that was changed is a question of one's own.
  const std::string changed = begin({{"task", "pictures"}, {"question", "And now?"}})["id"];
  says(400, "/v1/sketch/run", {{"session", changed}, {"planner", "rules"}}, "the examples as they are");
}

TEST_F(Sketching, ChainsAreLimitedInNumberAndTheOldestGoes) {
  options.sketch.limits.sessions = 2;
  start();
  const std::string first = begin(example())["id"], second = begin(example())["id"];
  EXPECT_EQ(ask(port, "GET", "/v1/sketch/sessions/" + first).status, 200);  // now the second has rested longest
  begin(example());
  EXPECT_EQ(ask(port, "GET", "/v1/sketch/sessions/" + first).status, 200);
  EXPECT_EQ(refused(404, ask(port, "GET", "/v1/sketch/sessions/" + second))["code"], "session_not_found");
}

TEST_F(Sketching, ChainsThatRestGo) {
  options.sketch.limits.rest = std::chrono::milliseconds(50);
  start();
  const std::string id = begin(example())["id"];
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  EXPECT_EQ(refused(404, ask(port, "GET", "/v1/sketch/sessions/" + id))["code"], "session_not_found");
}

TEST_F(Sketching, ChainsAreLimitedInMemory) {
  options.sketch.limits.session_bytes = 1 << 20;
  start();
  EXPECT_EQ(refused(413, post("/v1/sketch/sessions", {{"question", "x"}, {"pictures", picture(700)}}))["code"], "chain_too_large");
  // One drawing of 640 x 640 is more than such a chain holds: the run ends with a sentence, and the chain stays.
  const std::string id = begin(example())["id"];
  const auto all = run(id);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["error"]["code"], "chain_too_large");
  EXPECT_EQ(answered(ask(port, "GET", "/v1/sketch/sessions/" + id))["trace"]["steps"].size(), 0u);
  EXPECT_EQ(refused(413, post("/v1/sketch/branches", {{"session", id}, {"keep", 0}, {"moves", {line(0.5)}}}))["code"], "chain_too_large");
}

// Chains do not wait for the models, nor the models for them.
TEST_F(Sketching, TheInferenceThreadIsLeftAlone) {
  start();
  controls.hold = true;
  Client drawing(port);
  drawing.send(request_text("POST", "/v1/images/generations", json{{"prompt", "x"}, {"steps", 1}}.dump()));
  controls.wait_for(controls.begun, 1);
  EXPECT_EQ(run(begin(example())["id"]).back()["outcome"], "answered");
}

// The endpoint is this very program, held in the middle of its answer: the client leaves, and so does the question.
TEST_F(Sketching, WorkForAClientThatLeftStopsAndTheChainIsFree) {
  start();
  controls.hold = true;
  Controls idle;
  ServiceOptions with_endpoint;
  with_endpoint.port = 0;
  with_endpoint.sketch.endpoint.url = fmt::format("http://127.0.0.1:{}/v1", port);
  Service sketching(with_endpoint, [&] { return std::make_unique<FakeEngine>(idle); });
  std::thread serving([&] { sketching.run(false); });
  const uint16_t at = sketching.port();
  const std::string id = answered(ask(at, "POST", "/v1/sketch/sessions", R"({"question": "How many?"})"))["id"];
  const std::string go = json{{"session", id}, {"planner", "endpoint"}}.dump();
  Client client(at);
  client.send(request_text("POST", "/v1/sketch/run", go));
  controls.wait_for(controls.begun, 1);
  EXPECT_EQ(refused(409, ask(at, "POST", "/v1/sketch/run", go))["code"], "at_work");
  client.close();
  controls.wait_for(controls.cancelled, 1);
  controls.hold = false;
  // Nobody waits any more, so the chain is free again; what the fake says next is no move, and steps run out.
  Response again;
  for (int i = 0; i < 200 && again.status != 200; ++i) {
    again = ask(at, "POST", "/v1/sketch/run", go);
    if (again.status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(json::parse(events(again.body).back())["outcome"], "out of steps");
  const json trace = answered(ask(at, "GET", "/v1/sketch/sessions/" + id))["trace"];
  EXPECT_EQ(trace["planner"], "endpoint");  // and not where it is
  EXPECT_EQ(trace.dump().find(std::to_string(port)), std::string::npos);
  sketching.drain();
  serving.join();
}

TEST_F(Sketching, AnEndpointThatIsNotThereIsSaidWithoutItsAddress) {
  options.sketch.endpoint.url = "http://127.0.0.1:1/v1";
  options.sketch.endpoint.retries = 0;
  start();
  const auto all = run(begin({{"question", "Why?"}})["id"], "endpoint");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["error"]["code"], "planner_failed");
  EXPECT_EQ(all[0].dump().find("127.0.0.1"), std::string::npos);
}

TEST_F(Sketching, TheLogHasNoWordOfIt) {
  testing::internal::CaptureStderr();
  start();
  const std::string id = begin({{"question", "What is a secretplum?"}, {"pictures", picture(32)}})["id"];
  branch({{"session", id}, {"keep", 0}, {"moves", {{{"thought", "secretthought"}, {"call", {{"tool", "secrettool"}}}}}}});
  stop();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("/v1/sketch/branches"), log.npos);
  EXPECT_EQ(log.find("secret"), log.npos) << log;
  EXPECT_EQ(log.find(id), log.npos) << log;
}

sketchpad::Problem asked(const std::string& question) {
  sketchpad::Problem problem;
  problem.question = question;
  return problem;
}

TEST(SketchSessions, OneAtATimeWorksOnAChainAndItStaysMeanwhile) {
  const sketchpad::Toolbox tools = sketchpad::sketch_tools();
  SketchSessions sessions({.sessions = 1, .rest = std::chrono::milliseconds(0)});
  const auto chain = [&] { return SketchChain{std::make_shared<const sketchpad::Session>(asked("Why?"), sketchpad::Budget(), tools), std::make_shared<SketchOrigin>()}; };
  SketchSessions roomy({.sessions = 2});
  const std::string id = roomy.add(chain());
  EXPECT_EQ(id.size(), 32u);
  auto lease = roomy.lease(id);
  EXPECT_THROW(roomy.lease(id), ApiError);
  const std::string other = roomy.add(chain());
  EXPECT_NE(id, other);
  auto other_lease = roomy.lease(other);
  try {
    roomy.add(chain());
    FAIL() << "both are at work, and a third came in";
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status, 503);
  }
  lease.reset();
  EXPECT_NO_THROW(roomy.add(chain()));  // the first goes for it
  EXPECT_THROW(roomy.find(id), ApiError);
  EXPECT_NO_THROW(roomy.find(other));
  EXPECT_EQ(roomy.size(), 2u);
  // Rest is not for those at work.
  const std::string brief = sessions.add(chain());
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_THROW(sessions.lease(brief), ApiError);
}

}  // namespace
}  // namespace atelier::service
