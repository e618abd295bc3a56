/// The chat client against a server that misbehaves on purpose.
#include "text/client/chat.h"

#include "base/error.h"
#include "tests/client/fake_server.h"
#include "tests/support.h"
#include "text/client/chat_json.h"

namespace atelier::text {
namespace {

using tests::FakeServer, tests::chat_reply, tests::http;
using namespace std::chrono_literals;

ChatConfig quick(const std::string& url) {
  return {.url = url, .model = "small", .key_variable = "ATELIER_TEST_KEY", .connect_timeout = 2s, .timeout = 5s, .retries = 3,
          .first_wait = 1ms, .longest_wait = 2s, .response_bytes = 1 << 16};
}

std::vector<ChatMessage> hello() { return {ChatMessage::of_text("user", "hello")}; }

TEST(Chat, SendsTextPicturesAndOptions) {
  setenv("ATELIER_TEST_KEY", "s3cret", 1);
  const FakeServer server({chat_reply("hi")});
  vision::Image picture(2, 1);
  const ChatMessage question{"user", {{"what is this?", {}}, {"", picture}}};
  const ChatReply reply = ChatClient(quick(server.url() + "/"))
                              .chat({ChatMessage::of_text("system", "be brief"), question},
                                    {.max_tokens = 7, .temperature = 0.5, .seed = 3, .stop = {"\n"}, .logprobs = true, .cancelled = {}});
  unsetenv("ATELIER_TEST_KEY");
  EXPECT_EQ(reply.text, "hi");
  EXPECT_EQ(reply.finish_reason, "stop");
  EXPECT_EQ(reply.model, "fake");
  EXPECT_FALSE(reply.log_probability) << "the server told none";
  EXPECT_TRUE(server.request(0).starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_NE(server.request(0).find("\r\nAuthorization: Bearer s3cret\r\n"), std::string::npos);
  const std::string png = vision::png_data_uri(picture);
  const base::json expected = {{"model", "small"},
                               {"max_tokens", 7},
                               {"temperature", 0.5},
                               {"seed", 3},
                               {"stop", {"\n"}},
                               {"logprobs", true},
                               {"messages",
                                {{{"role", "system"}, {"content", "be brief"}},
                                 {{"role", "user"},
                                  {"content", {{{"type", "text"}, {"text", "what is this?"}}, {{"type", "image_url"}, {"image_url", {{"url", png}}}}}}}}}};
  EXPECT_EQ(server.body(0), expected);
}

TEST(Chat, NoKeyNoHeader) {
  const FakeServer server({chat_reply("hi")});
  ChatClient(quick(server.url())).chat(hello());
  EXPECT_EQ(server.request(0).find("Authorization"), std::string::npos);
}

TEST(Chat, TriesAgainWhereItMayHelp) {
  const FakeServer server({http(503, R"({"error":{"message":"loading"}})"), http(429, "{}"), "", chat_reply("at last")});
  EXPECT_EQ(ChatClient(quick(server.url())).chat(hello()).text, "at last");
  EXPECT_EQ(server.count(), 4u);
}

TEST(Chat, GivesUpAfterItsRetries) {
  const FakeServer server({http(500, R"({"error":{"message":"out of order"}})")});
  EXPECT_ERROR(ChatClient(quick(server.url())).chat(hello()), base::ResourceError, "answered 500: out of order, after 4 tries");
  EXPECT_EQ(server.count(), 4u);
}

TEST(Chat, NeverRepeatsWhatTheServerRefuses) {
  for (const auto& [status, message] : std::vector<std::pair<int, std::string>>{
           {400, "it answered 400: no"}, {401, "refuses the key (401): no"}, {404, "no such address or model (404): no"}, {302, "answered 302: no"}}) {
    const FakeServer server({http(status, R"({"error":{"message":"no"}})", "Location: http://127.0.0.1:9/\r\n")});
    EXPECT_ERROR(ChatClient(quick(server.url())).chat(hello()), base::ResourceError, message);
    EXPECT_EQ(server.count(), 1u) << status;
  }
}

TEST(Chat, WaitsAsLongAsTheServerAsks) {
  const FakeServer server({http(429, "{}", "Retry-After: 1\r\n"), chat_reply("thanks")});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(ChatClient(quick(server.url())).chat(hello()).text, "thanks");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1s);
  const FakeServer slow({http(429, "{}", "Retry-After: 3600\r\n")});
  EXPECT_ERROR(ChatClient(quick(slow.url())).chat(hello()), base::ResourceError, "asks for a wait of 3600 s");
  EXPECT_EQ(slow.count(), 1u);
}

TEST(Chat, SaysWhenTheServerIsDown) {
  std::string url;
  { url = FakeServer({chat_reply("")}).url(); }  // a port that nobody listens to any more
  EXPECT_ERROR(ChatClient(quick(url)).chat(hello()), base::ResourceError, "the language model at " + url + " cannot be used: it accepts no connection");
  EXPECT_ERROR(ChatClient({.url = "ftp://somewhere"}), base::InvalidArgument, "must begin with http:// or https://");
}

TEST(Chat, RefusesAnswersThatAreLateLargeOrNonsense) {
  const FakeServer late([](size_t, const std::string&) { return std::this_thread::sleep_for(400ms), chat_reply("late"); });
  ChatConfig impatient = quick(late.url());
  impatient.timeout = 200ms;
  EXPECT_ERROR(ChatClient(impatient).chat(hello()), base::ResourceError, "did not answer within 0.2 s");
  const FakeServer large({http(200, std::string(1 << 17, ' '))});
  EXPECT_ERROR(ChatClient(quick(large.url())).chat(hello()), base::ResourceError, "more than 65536 bytes");
  for (const char* body : {"<html>", "{}", R"({"choices":[]})", R"({"choices":[{"text":"old"}]})", R"({"choices":[{"message":{"content":7}}]})"}) {
    const FakeServer nonsense({http(200, body)});
    EXPECT_ERROR(ChatClient(quick(nonsense.url())).chat(hello()), base::ResourceError, "does not speak the chat completions format");
  }
}

TEST(Chat, CanBeCancelledWhileItWaits) {
  const FakeServer server({http(503, "{}", "Retry-After: 2\r\n")});
  const auto start = std::chrono::steady_clock::now();
  ChatOptions options;
  options.cancelled = [&] { return server.count() > 0; };
  EXPECT_THROW(ChatClient(quick(server.url())).chat(hello(), options), base::Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
}

TEST(Chat, ReadsWhatServersSend) {
  const ChatReply reply = read_chat_reply(
      R"({"choices":[{"message":{"content":[{"type":"text","text":"a "},{"type":"text","text":"cat"}]},"finish_reason":"length",)"
      R"("logprobs":{"content":[{"token":"a","logprob":-0.5},{"token":"cat","logprob":-1.25}]}}],"usage":{"prompt_tokens":5,"completion_tokens":2}})");
  EXPECT_EQ(reply.text, "a cat");
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.log_probability, -1.75);
  EXPECT_EQ(reply.prompt_tokens, 5);
  EXPECT_EQ(reply.completion_tokens, 2);
  EXPECT_EQ(error_message(R"({"error":"model 'x' not found"})"), "model 'x' not found");
  EXPECT_EQ(error_message("plain words"), "\"plain words\"");
}

TEST(Endpoint, IsALanguageModel) {
  const FakeServer server({chat_reply(" a guitar\nQ: what else?")});
  const EndpointLanguageModel model(quick(server.url()));
  const Completion completion = model.complete({{"Q: ", true}, {"what is <question>?", false}, {"\nA:", true}}, {.max_new_tokens = 9, .stop = {"\n"}});
  EXPECT_EQ(completion.text, " a guitar") << "cut even where the server ignores stop strings";
  EXPECT_FALSE(completion.log_probability);
  EXPECT_FALSE(model.score({{"Q", true}}, {"a", "b"}));
  EXPECT_EQ(server.body(0)["messages"][0]["content"], "Q: what is <question>?\nA:");
  EXPECT_EQ(server.body(0)["max_tokens"], 9);
  EXPECT_EQ(model.name(), "small at " + server.url());
}

}  // namespace
}  // namespace atelier::text
