// Every endpoint over a real socket, with OpenAI's shapes as its clients read them.
#include "apps/metadata.h"
#include "apps/service/data_uri.h"
#include "base/base64.h"
#include "tests/service/fake_engine.h"

#include <cstring>

namespace atelier::service {
namespace {

std::string picture(int64_t side = 8, uint8_t shade = 200) { return vision::encode_png(vision::Image(side, side, 3, shade)); }
std::string data_uri(const std::string& png) { return "data:image/png;base64," + base::encode_base64(png); }

json chat(const std::string& text) { return {{"model", "fake-chat"}, {"messages", {{{"role", "user"}, {"content", text}}}}}; }

class Chat : public Live {
 protected:
  void SetUp() override { start(); }
};

TEST_F(Chat, AnAnswerHasOpenAisShape) {
  json request = chat("one two three");
  request["seed"] = 5;
  const Response response = post("/v1/chat/completions", request, {{"X-Request-Id", "my-id.1"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_EQ(response.headers.at("x-request-id"), "my-id.1");
  const json reply = json::parse(response.body);
  EXPECT_EQ(reply["object"], "chat.completion");
  EXPECT_EQ(reply["model"], "fake-chat");
  EXPECT_EQ(reply["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(reply["choices"][0]["message"]["content"], "one two three");
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(reply["usage"], json({{"prompt_tokens", 7}, {"completion_tokens", 3}, {"total_tokens", 10}}));
  EXPECT_EQ(controls.chats.at(0).seed, 5u);
}

TEST_F(Chat, AStreamIsTheSameInPieces) {
  json request = chat("one two three");
  request["stream"] = true;
  request["stream_options"] = {{"include_usage", true}};
  const Response response = post("/v1/chat/completions", request);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  const auto pieces = events(response.body);
  ASSERT_GE(pieces.size(), 6u);
  EXPECT_EQ(pieces.back(), "[DONE]");
  EXPECT_EQ(json::parse(pieces[0])["choices"][0]["delta"]["role"], "assistant");
  std::string text;
  for (size_t i = 0; i + 2 < pieces.size(); ++i) {
    const json piece = json::parse(pieces[i]);
    EXPECT_EQ(piece["object"], "chat.completion.chunk");
    EXPECT_EQ(piece["id"], json::parse(pieces[0])["id"]);
    text += piece["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(text, "one two three");
  EXPECT_EQ(json::parse(pieces[pieces.size() - 3])["choices"][0]["finish_reason"], "stop");
  const json usage = json::parse(pieces[pieces.size() - 2]);
  EXPECT_TRUE(usage["choices"].empty());
  EXPECT_EQ(usage["usage"]["completion_tokens"], 3);
}

TEST_F(Chat, SeveralAnswersHaveSeedsInARow) {
  json request = chat("yes");
  request["n"] = 3;
  request["seed"] = 10;
  const json reply = json::parse(post("/v1/chat/completions", request).body);
  ASSERT_EQ(reply["choices"].size(), 3u);
  EXPECT_EQ(reply["choices"][2]["index"], 2);
  EXPECT_EQ(controls.chats.at(2).seed, 12u);
  EXPECT_EQ(reply["usage"]["completion_tokens"], 3);
}

TEST_F(Chat, SamplingReachesTheModel) {
  json request = chat("yes");
  request.update({{"temperature", 0.5}, {"top_p", 0.9}, {"top_k", 7}, {"max_tokens", 9}, {"min_p", 0.1}, {"repetition_penalty", 1.5}});
  post("/v1/chat/completions", request);
  const ChatTask& task = controls.chats.at(0);
  EXPECT_EQ(task.sampling.temperature, 0.5);
  EXPECT_EQ(task.sampling.top_p, 0.9);
  EXPECT_EQ(task.sampling.top_k, 7);
  EXPECT_EQ(task.sampling.min_p, 0.1);
  EXPECT_EQ(task.sampling.repetition_penalty, 1.5);
  EXPECT_EQ(task.max_tokens, 9);
}

TEST_F(Chat, StopTextsAndTheLengthEndAnAnswer) {
  json request = chat("one two three four");
  request["stop"] = "thr";
  json reply = json::parse(post("/v1/chat/completions", request).body);
  EXPECT_EQ(reply["choices"][0]["message"]["content"], "one two ");
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "stop");
  request.erase("stop");
  request["max_completion_tokens"] = 2;
  reply = json::parse(post("/v1/chat/completions", request).body);
  EXPECT_EQ(reply["choices"][0]["message"]["content"], "one two");
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "length");
}

TEST_F(Chat, LogprobsComeWithTheirAlternatives) {
  json request = chat("one two");
  request["logprobs"] = true;
  request["top_logprobs"] = 2;
  const json reply = json::parse(post("/v1/chat/completions", request).body);
  const json& tokens = reply["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[1]["token"], " two");
  EXPECT_EQ(tokens[1]["bytes"], json({' ', 't', 'w', 'o'}));
  EXPECT_EQ(tokens[1]["logprob"], -0.25);
  EXPECT_EQ(tokens[1]["top_logprobs"][1]["logprob"], -2.0);
}

TEST_F(Chat, PicturesAreDecodedAndSeen) {
  const json content = {{{"type", "text"}, {"text", "what is it"}},
                        {{"type", "image_url"}, {"image_url", {{"url", data_uri(picture(6))}, {"detail", "low"}}}},
                        {{"type", "image_url"}, {"image_url", {{"url", data_uri(vision::encode_jpeg(vision::Image(5, 4)))}}}}};
  json request = chat("");
  request["messages"] = {{{"role", "system"}, {"content", "Be short."}}, {{"role", "user"}, {"content", content}}};
  // The second one says PNG and is a JPEG: what counts is what it is.
  const json reply = json::parse(post("/v1/chat/completions", request).body);
  EXPECT_EQ(reply["choices"][0]["message"]["content"], "what is it 2") << reply;
  const ChatTask& task = controls.chats.at(0);
  ASSERT_EQ(task.turns.size(), 2u);
  EXPECT_EQ(task.turns[0].role, "system");
  ASSERT_EQ(task.turns[1].pictures.size(), 2u);
  EXPECT_EQ(task.turns[1].pictures[0].width, 6);
  EXPECT_EQ(task.turns[1].pictures[1].height, 4);
}

TEST_F(Chat, AnAnswerMayBeADrawing) {
  json request = chat("a red apple");
  request["modalities"] = {"text", "image"};
  request["seed"] = 9;
  const json reply = json::parse(post("/v1/chat/completions", request).body);
  const std::string url = reply["choices"][0]["message"]["images"][0]["image_url"]["url"];
  EXPECT_EQ(vision::decode_image(decode_picture_text(url, 1 << 20, "it"), "it").pixels[0], 9);
  request["stream"] = true;
  const auto pieces = events(post("/v1/chat/completions", request).body);
  EXPECT_TRUE(json::parse(pieces.at(1))["choices"][0]["delta"].contains("images")) << pieces.at(1);
}

TEST_F(Chat, WhatCannotBeAnsweredSaysWhichFieldAndWhy) {
  const auto change = [&](const json& fields) {
    json request = chat("hello");
    request.update(fields);
    return post("/v1/chat/completions", request);
  };
  const auto wrong = [&](const json& fields, const char* param, const char* text) {
    const json error = refused(400, change(fields));
    EXPECT_EQ(error["param"], param) << error;
    EXPECT_NE(error["message"].get<std::string>().find(text), std::string::npos) << error;
    EXPECT_EQ(error["type"], "invalid_request_error");
  };
  wrong({{"n", 0}}, "n", "n must be 1 to 8, not 0");
  wrong({{"temperature", -1}}, "temperature", "0 to 2");
  wrong({{"temperature", "hot"}}, "temperature", "must be a number, not \"hot\"");
  wrong({{"max_tokens", 1e9}}, "max_tokens", "1 to 8192");
  wrong({{"max_tokens", -5}}, "max_tokens", "1 to 8192");
  wrong({{"n", 8}, {"max_tokens", 8000}}, "max_tokens", "n x max_tokens");
  wrong({{"seed", -1}}, "seed", "seed must be 0 to");
  wrong({{"top_logprobs", 21}, {"logprobs", true}}, "top_logprobs", "0 to 20");
  wrong({{"top_logprobs", 2}}, "top_logprobs", "needs logprobs");
  wrong({{"stop", {"a", "b", "c", "d", "e"}}}, "stop", "4 texts");
  wrong({{"stop", ""}}, "stop", "1 to 64 bytes");
  wrong({{"stream_options", {{"include_usage", true}}}}, "stream_options", "needs stream");
  wrong({{"temprature", 1}}, "temprature", "there is no field \"temprature\"; the fields are model, messages");
  wrong({{"tools", {{{"type", "function"}}}}}, "tools", "not supported");
  wrong({{"frequency_penalty", 0.5}}, "frequency_penalty", "repetition_penalty");
  wrong({{"response_format", {{"type", "json_object"}}}}, "response_format.type", "must be text");
  wrong({{"messages", json::array()}}, "messages", "at least one");
  wrong({{"messages", "hello"}}, "messages", "must be a list");
  wrong({{"messages", {{{"role", "robot"}, {"content", "x"}}}}}, "messages[0].role", "one of system");
  wrong({{"messages", {{{"role", "assistant"}, {"content", "x"}}}}}, "messages", "must be a user's");
  wrong({{"messages", {{{"role", "user"}, {"content", {{{"type", "image_url"}}}}}}}}, "messages[0].content[0]", "must have image_url");
  wrong({{"messages", {{{"role", "user"}, {"content", {{{"type", "sound"}}}}}}}}, "messages[0].content[0].type", "text, image_url");
  wrong({{"messages", {{{"role", "user"}, {"content", std::string(70000, 'x')}}}}}, "messages[0].content[0]", "65536 bytes");
  EXPECT_EQ(change({{"frequency_penalty", 0}, {"user", "u-1"}, {"tools", json::array()}, {"metadata", {{"a", "b"}}}}).status, 200);
  EXPECT_EQ(refused(404, change({{"model", "gpt-9"}}))["code"], "model_not_found");
  EXPECT_EQ(refused(400, change({{"model", "fake-draw"}}))["code"], "wrong_model");
  EXPECT_EQ(message(400, post("/v1/chat/completions", chat("too long"))), "the conversation has 99 tokens; at most 64 fit");
  // The same in a stream that had not begun yet.
  json request = chat("too long");
  request["stream"] = true;
  refused(400, post("/v1/chat/completions", request));
}

class Images : public Live {
 protected:
  void SetUp() override { start(); }
};

TEST_F(Images, EveryPictureComesWithItsSeedAndItsRecord) {
  const json reply = json::parse(post("/v1/images/generations", {{"prompt", "a red apple"}, {"n", 2}, {"seed", 7}, {"steps", 3}, {"size", "32x32"}, {"style", "noto style"}, {"guidance_scale", 5}}).body);
  ASSERT_EQ(reply["data"].size(), 2u) << reply;
  EXPECT_EQ(reply["data"][1]["seed"], 8);
  EXPECT_EQ(reply["size"], "32x32");
  const std::string png = base::decode_base64(reply["data"][1]["b64_json"].get<std::string>(), 1 << 20, "it");
  EXPECT_EQ(vision::decode_image(png, "it").pixels[0], 8);
  const auto record = apps::read_record(png, "it");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->seed, 8);
  EXPECT_EQ(record->prompt, "a red apple");
  EXPECT_EQ(record->model_hash, "0123456789abcdef");
  EXPECT_EQ(controls.drawn.at(1).guidance_scale, 5);
  EXPECT_EQ(controls.drawn.at(1).style, "noto style");
}

TEST_F(Images, RandomSeedsDiffer) {
  const auto seed = [&] { return json::parse(post("/v1/images/generations", {{"prompt", "x"}, {"steps", 1}}).body)["data"][0]["seed"].get<int64_t>(); };
  EXPECT_NE(seed(), seed());
}

TEST_F(Images, AJpegOnRequest) {
  const json reply = json::parse(post("/v1/images/generations", {{"prompt", "x"}, {"steps", 1}, {"output_format", "jpeg"}, {"output_compression", 80}}).body);
  EXPECT_TRUE(base::decode_base64(reply["data"][0]["b64_json"].get<std::string>(), 1 << 20, "it").starts_with("\xFF\xD8"));
}

TEST_F(Images, AStreamShowsProgressPreviewsAndThePicture) {
  const Response response = post("/v1/images/generations", {{"prompt", "x"}, {"steps", 9}, {"stream", true}, {"partial_images", 2}, {"seed", 3}});
  std::vector<std::string> kinds;
  std::vector<int> shades;
  for (const std::string& text : events(response.body)) {
    const json event = json::parse(text);
    if (event["type"] != "image_generation.progress") kinds.push_back(event["type"]);
    if (event.contains("b64_json")) shades.push_back(vision::decode_image(base::decode_base64(event["b64_json"].get<std::string>(), 1 << 20, "it"), "it").pixels[0]);
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"}));
  EXPECT_EQ(shades, (std::vector<int>{2, 5, 3}));  // after steps 3 and 6 of 9; the picture shows its seed
  EXPECT_NE(response.body.find("event: image_generation.completed\n"), std::string::npos);
  EXPECT_EQ(events(response.body).size(), 9u + 3u);
}

TEST_F(Images, DocumentsOfTheMemoryAreNamed) {
  const json reply = json::parse(post("/v1/images/generations", {{"prompt", "an apple"}, {"steps", 1}, {"memory", true}, {"k", 3}}).body);
  ASSERT_EQ(reply["documents"].size(), 3u) << reply;
  EXPECT_EQ(reply["documents"][0]["licence"], "CC0-1.0");
  EXPECT_EQ(controls.drawn.at(0).documents.size(), 3u);
}

TEST_F(Images, GuidanceByPicturesReachesThePainter) {
  const std::string apple = data_uri(picture(6));
  const Response response = post("/v1/images/generations", {{"prompt", "x"}, {"steps", 1}, {"n", 2}, {"diverse", 0.9}, {"avoid", {apple, apple}}, {"avoid_alpha", 2}, {"avoid_until", 600}, {"tau", 0.5}, {"avoid_mask", apple}});
  ASSERT_EQ(response.status, 200) << response.body;
  const apps::NegToMeRequest& n = controls.drawn.at(1).negtome;
  EXPECT_EQ(n.index, 1);
  EXPECT_EQ(n.diverse, 0.9);
  ASSERT_EQ(n.avoid.size(), 2u);
  EXPECT_EQ(n.avoid_alpha, 2);
  EXPECT_EQ(n.config.tau, 0.5);
  EXPECT_EQ(n.config.avoid_until, 600);
  EXPECT_EQ(n.config.diverse_until, fusion::NegToMeConfig().diverse_until);
  EXPECT_EQ(n.avoid_mask.width, 6);
}

/// A form with the fields and a picture.
std::string form(const std::vector<std::pair<std::string, std::string>>& fields, const std::vector<std::pair<std::string, std::string>>& files) {
  std::string body;
  for (const auto& [name, value] : fields) body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  for (const auto& [name, bytes] : files)
    body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" + bytes + "\r\n";
  return body + "--B--\r\n";
}
const Headers kFormType = {{"Content-Type", "multipart/form-data; boundary=B"}};

TEST_F(Images, AnEditIsAForm) {
  vision::Image mask(8, 8, 4);
  for (int64_t i = 0; i < 32; ++i) mask.pixels[4 * i + 3] = 0;  // the upper half is transparent
  const std::string body = form({{"prompt", "blue"}, {"strength", "0.5"}, {"steps", "2"}, {"n", "1"}, {"seed", "4"}, {"stream", "false"}},
                                {{"image[]", picture(8)}, {"mask", vision::encode_png(mask)}});
  const Response response = ask(port, "POST", "/v1/images/edits", body, kFormType);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json::parse(response.body)["data"][0]["seed"], 4);
  const apps::PictureRequest& request = controls.drawn.at(0);
  EXPECT_EQ(request.strength, 0.5);
  EXPECT_EQ(request.init.width, 8);
  EXPECT_EQ(request.mask.at(3, 0)[0], 255);  // drawn anew where it was transparent
  EXPECT_EQ(request.mask.at(3, 7)[0], 0);
}

// A mask without transparency says it in light and dark.
TEST_F(Images, AnEditInJsonWithALightMask) {
  vision::Image mask(4, 4, 3, 0);
  mask.at(0, 0)[0] = mask.at(0, 0)[1] = mask.at(0, 0)[2] = 255;
  const Response response = post("/v1/images/edits", {{"prompt", "x"}, {"image", data_uri(picture(4))}, {"mask", data_uri(vision::encode_png(mask))}, {"steps", 1}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(controls.drawn.at(0).mask.at(0, 0)[0], 255);
  EXPECT_EQ(controls.drawn.at(0).mask.at(1, 0)[0], 0);
  EXPECT_EQ(controls.drawn.at(0).strength, 0.75);
}

TEST_F(Images, WhatCannotBeDrawn) {
  const auto wrong = [&](const json& fields, const char* param, const char* text) {
    json request = {{"prompt", "x"}};
    request.update(fields);
    const json error = refused(400, post("/v1/images/generations", request));
    EXPECT_EQ(error["param"], param) << error;
    EXPECT_NE(error["message"].get<std::string>().find(text), std::string::npos) << error;
  };
  wrong({{"prompt", ""}}, "prompt", "is empty");
  wrong({{"prompt", nullptr}}, "prompt", "is missing");
  wrong({{"prompt", "a\nb"}}, "prompt", "control character");
  wrong({{"prompt", std::string(5000, 'a')}}, "prompt", "4096");
  wrong({{"size", "1024x1024"}}, "size", "size must be 32x32 or auto");
  wrong({{"size", "wide"}}, "size", "32x32");
  wrong({{"n", 11}}, "n", "1 to 10");
  wrong({{"steps", 1001}}, "steps", "1 to 1000");
  wrong({{"guidance_scale", 31}}, "guidance_scale", "0 to 30");
  wrong({{"sampler", "euler"}}, "sampler", "ddim");
  wrong({{"style", "cubism"}}, "style", "no style");
  wrong({{"response_format", "url"}}, "response_format", "must be b64_json");
  wrong({{"diverse", 1}}, "diverse", "several");
  wrong({{"partial_images", 2}}, "partial_images", "needs stream");
  wrong({{"avoid", "http://example.org/a.png"}}, "avoid", "fetches no URLs");
  wrong({{"avoid", "Zm9v"}}, "avoid[0]", "not a PNG or JPEG");
  wrong({{"avoid_mask", data_uri(picture())}}, "avoid_mask", "there is no avoid");
  wrong({{"background", "transparent"}}, "background", "opaque");
  EXPECT_EQ(refused(400, ask(port, "POST", "/v1/images/edits", form({{"prompt", "x"}}, {}), kFormType))["param"], "image");
  EXPECT_EQ(refused(400, ask(port, "POST", "/v1/images/edits", form({{"prompt", "x"}}, {{"image", "GIF89a"}}), kFormType))["param"], "image");
  EXPECT_EQ(refused(400, ask(port, "POST", "/v1/images/edits", form({}, {{"image", picture()}, {"prompt", "x"}}), kFormType))["param"], "prompt");
  EXPECT_EQ(refused(400, ask(port, "POST", "/v1/images/edits", form({{"prompt", "x"}, {"n", "many"}}, {{"image", picture()}}), kFormType))["param"], "n");
  const json two = refused(400, ask(port, "POST", "/v1/images/edits", form({{"prompt", "x"}}, {{"image[]", picture()}, {"image[]", picture()}}), kFormType));
  EXPECT_NE(two["message"].get<std::string>().find("one picture can be edited at a time, not 2"), std::string::npos);
  EXPECT_TRUE(controls.drawn.empty());
}

class Search : public Live {
 protected:
  void SetUp() override { start(); }
};

TEST_F(Search, EmbeddingsOfTextsAndPicturesInTheirOrder) {
  const json reply = json::parse(post("/v1/embeddings", {{"model", "fake-embed"},
      {"input", {"four", {{"type", "image_url"}, {"image_url", data_uri(picture(6, 50))}}, {{"type", "text"}, {"text", "to"}}}}}).body);
  EXPECT_EQ(reply["object"], "list");
  ASSERT_EQ(reply["data"].size(), 3u) << reply;
  EXPECT_EQ(reply["data"][0]["embedding"], json({1.0, 4.0, 0.5}));
  EXPECT_EQ(reply["data"][1]["embedding"], json({2.0, 6.0, 50.0}));
  EXPECT_EQ(reply["data"][2]["embedding"], json({1.0, 2.0, 0.5}));
  EXPECT_EQ(reply["data"][2]["index"], 2);
  EXPECT_EQ(reply["usage"], json({{"prompt_tokens", 9}, {"total_tokens", 9}}));  // two texts, a picture (fake_engine.h)
}

// What OpenAI's Python client asks for without being told to.
TEST_F(Search, EmbeddingsInBase64AreLittleEndianFloats) {
  const json reply = json::parse(post("/v1/embeddings", {{"input", "four"}, {"encoding_format", "base64"}, {"dimensions", 3}}).body);
  const std::string bytes = base::decode_base64(reply["data"][0]["embedding"].get<std::string>(), 100, "it");
  ASSERT_EQ(bytes.size(), 12u);
  float values[3];
  std::memcpy(values, bytes.data(), 12);
  EXPECT_EQ(values[1], 4.0f);
  refused(400, post("/v1/embeddings", {{"input", "x"}, {"dimensions", 4}}));
  refused(400, post("/v1/embeddings", {{"input", json::array()}}));
  refused(400, post("/v1/embeddings", {{"input", {1, 2, 3}}}));
  refused(400, post("/v1/embeddings", {{"input", ""}}));
  EXPECT_NE(message(400, post("/v1/embeddings", {{"input", std::vector<std::string>(257, "x")}})).find("1 to 256"), std::string::npos);
}

TEST_F(Search, TheMemoryIsSearchedByTextAndPicture) {
  const json reply = json::parse(post("/v1/memory/search", {{"text", "red"}, {"picture", data_uri(picture())}, {"k", 2}, {"thumbnails", true}}).body);
  ASSERT_EQ(reply["data"].size(), 2u) << reply;
  EXPECT_EQ(reply["data"][0]["caption"], "red+picture");
  EXPECT_EQ(reply["data"][0]["licence"], "CC0-1.0");
  EXPECT_EQ(vision::decode_image(base::decode_base64(reply["data"][0]["thumbnail"].get<std::string>(), 1 << 20, "it"), "it").width, 4);
  EXPECT_NE(message(400, post("/v1/memory/search", json::object())).find("give a text, a picture, or both"), std::string::npos);
  refused(400, post("/v1/memory/search", {{"text", "x"}, {"k", 101}}));
}

class Info : public Live {
 protected:
  void SetUp() override { start(); }
};

TEST_F(Info, ModelsAndCapabilities) {
  const json models = json::parse(ask(port, "GET", "/v1/models").body);
  ASSERT_EQ(models["data"].size(), 3u);
  EXPECT_EQ(models["data"][0]["id"], "fake-chat");
  EXPECT_EQ(json::parse(ask(port, "GET", "/v1/models/fake-draw").body)["object"], "model");
  EXPECT_EQ(refused(404, ask(port, "GET", "/v1/models/none"))["code"], "model_not_found");
  const json capabilities = json::parse(ask(port, "GET", "/v1/capabilities").body);
  EXPECT_EQ(capabilities["images"]["sizes"][0], "32x32");
  EXPECT_EQ(capabilities["memory"]["documents"], 2);
  EXPECT_EQ(capabilities["limits"]["queue"], options.limits.queue);
}

TEST_F(Info, MetricsCountWhatHappened) {
  post("/v1/images/generations", {{"prompt", "x"}, {"steps", 4}});
  post("/v1/images/generations", {{"prompt", ""}});
  ask(port, "GET", "/secret/path");
  const Response response = ask(port, "GET", "/metrics");
  EXPECT_TRUE(response.headers.at("content-type").starts_with("text/plain"));
  for (const char* line : {"atelier_pictures_total 1", "atelier_denoising_steps_total 4", "atelier_stage_seconds_count{stage=\"draw\"} 1",
                           "atelier_requests_total{route=\"/v1/images/generations\",status=\"200\"} 1",
                           "atelier_requests_total{route=\"/v1/images/generations\",status=\"400\"} 1",
                           "atelier_requests_total{route=\"other\",status=\"404\"} 1"})
    EXPECT_NE(response.body.find(line), std::string::npos) << line << "\n" << response.body;
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

// The description comes from the structs: each field of a request is in it, with its range.
TEST_F(Info, TheDescriptionIsTheRequestsOwn) {
  const json api = json::parse(ask(port, "GET", "/openapi.json").body);
  const json& schemas = api["components"]["schemas"];
  const json& steps = schemas["ImageRequest"]["properties"]["steps"];
  EXPECT_EQ(steps["minimum"], 1);
  EXPECT_EQ(steps["maximum"], 1000);
  EXPECT_EQ(steps["default"], 25);
  EXPECT_EQ(schemas["ImageRequest"]["required"], json({"prompt"}));
  EXPECT_EQ(schemas["ImageRequest"]["additionalProperties"], false);
  EXPECT_TRUE(schemas["ImageEditRequest"]["properties"].contains("mask"));
  EXPECT_TRUE(schemas["ImageEditRequest"]["properties"].contains("steps"));
  EXPECT_EQ(schemas["ChatRequest"]["properties"]["messages"]["items"]["properties"]["role"]["enum"][0], "system");
  for (const char* path : {"/v1/chat/completions", "/v1/images/generations", "/v1/images/edits", "/v1/embeddings", "/v1/memory/search",
                           "/v1/models", "/v1/capabilities", "/health", "/metrics"})
    EXPECT_TRUE(api["paths"].contains(path)) << path;
}

}  // namespace
}  // namespace atelier::service
