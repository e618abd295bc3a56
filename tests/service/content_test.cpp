// What a service must stand in what it is sent, and may say of it: JSON, budgets, pictures, the log.
#include "apps/service/requests.h"
#include "base/base64.h"
#include "tests/service/fake_engine.h"

namespace atelier::service {
namespace {

class Content : public Live {
 protected:
  void SetUp() override { options.log_json = true; }
};

// 6. JSON.
TEST_F(Content, JsonThatIsDeepDoubleOrBroken) {
  start();
  const auto raw = [&](const std::string& body) { return message(400, ask(port, "POST", "/v1/embeddings", body)); };
  EXPECT_NE(raw(std::string(30000, '[')).find("nested deeper than 64"), std::string::npos);
  EXPECT_NE(raw(R"({"input": "a", "input": "b"})").find("twice"), std::string::npos);
  EXPECT_NE(raw("{\"input\": \"\xC3\"}").find("UTF-8"), std::string::npos);
  EXPECT_NE(raw(R"({"input": NaN})").find("not valid JSON"), std::string::npos);
  EXPECT_NE(raw(R"({"input": "a"} x)").find("not valid JSON"), std::string::npos);
  EXPECT_NE(raw(std::string("{\"input\": \"a\"}\0", 15)).find("zero byte"), std::string::npos);
  EXPECT_NE(raw("[]").find("must be an object"), std::string::npos);
  EXPECT_NE(raw("7").find("must be an object"), std::string::npos);
  EXPECT_NE(raw(R"({"input": {"type": "text", "text": 5}})").find("must be a string"), std::string::npos);
  EXPECT_NE(raw(R"({"input": "a", "inputs": "b"})").find("no field"), std::string::npos);
}

// 8. A request's whole cost is known before it begins.
TEST_F(Content, PixelStepsAreBudgeted) {
  start();
  // 32 x 32 x 1000 x 10 is little; the budget is in pixels, so the fake's small pictures need a smaller one to show it.
  EXPECT_EQ(post("/v1/images/generations", {{"prompt", "x"}, {"steps", 1000}, {"n", 10}}).status, 200);
  EngineInfo large;
  large.draw = "d";
  large.models = {{"d", "", {"text"}, {"image"}}};
  large.picture_size = 128;
  ImageRequest request;
  request.prompt = "x";
  request.steps = 1000;
  request.n = 4;
  EXPECT_EQ(to_job(request, large).n, 4);
  request.n = 5;
  EXPECT_ERROR(to_job(request, large), ApiError, "n x steps must be at most 4096");
}

// 10. Pictures: what they are is read from their bytes, how large from their header.
TEST_F(Content, PicturesThatAreNoneOrTooLarge) {
  start();
  const auto chat = [&](const std::string& bytes) {
    const json url = {{"url", "data:image/png;base64," + base::encode_base64(bytes)}};
    const json content = {{{"type", "text"}, {"text", "x"}}, {{"type", "image_url"}, {"image_url", url}}};
    return message(400, post("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", content}}}}}));
  };
  EXPECT_NE(chat("<svg xmlns='http://www.w3.org/2000/svg'/>").find("not a PNG or JPEG"), std::string::npos);
  EXPECT_NE(chat("GIF89a...").find("not a PNG or JPEG"), std::string::npos);
  std::string png = vision::encode_png(vision::Image(8, 8));
  EXPECT_NE(chat(png.substr(0, png.size() / 2)), "");
  png[25] = 9;  // of the header, whose checksum is wrong then
  EXPECT_NE(chat(png), "");
  json content = {{{"type", "text"}, {"text", "x"}}};
  for (int i = 0; i < 9; ++i)
    content.push_back({{"type", "image_url"}, {"image_url", "data:image/png;base64," + base::encode_base64(vision::encode_png(vision::Image(2, 2)))}});
  EXPECT_NE(message(400, post("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", content}}}}})).find("more than 8 pictures"), std::string::npos);
}

// 21. The log: who and what kind, never what was said; and no line of a client's own.
TEST(ServiceLog, NeitherPromptsNorForgedLines) {
  std::string text;
  const Log words(false, [&](const std::string& line) { text += line; });
  words.event("info", "request", {{"path", "/a\nERROR forged=1\x1b[31m\x7f"}, {"status", 404}});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_NE(text.find("path=/a\\nERROR forged=1\\x1b[31m\\x7f status=404"), std::string::npos) << text;
  text.clear();
  const Log lines(true, [&](const std::string& line) { text += line; });
  lines.event("info", "request", {{"path", "/a\nb"}, {"status", 404}});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const json line = json::parse(text);
  EXPECT_EQ(line["status"], 404);
  EXPECT_EQ(line["path"], "/a\\nb");
}

TEST_F(Content, TheLogHasRequestsWithoutTheirWords) {
  ::testing::internal::CaptureStderr();
  start();
  post("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", "my private question"}}}}}, {{"X-Request-Id", "r-77"}});
  post("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", "my private question"}}}}, {"n", 99}}, {{"X-Request-Id", "bad id\x01"}});
  ask(port, "GET", "/private?key=secret");
  stop();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("\"request\":\"r-77\""), std::string::npos) << log;
  EXPECT_NE(log.find("\"route\":\"/v1/chat/completions\""), std::string::npos);
  EXPECT_EQ(log.find("my private question"), std::string::npos);
  EXPECT_EQ(log.find("secret"), std::string::npos);
  EXPECT_EQ(log.find("bad id"), std::string::npos);
}

}  // namespace
}  // namespace atelier::service
