// SIGTERM, as a process manager sends it; and the model that ships, behind the whole service.
#include "apps/model_folder.h"
#include "apps/painter.h"
#include "apps/service/starter_engine.h"
#include "base/base64.h"
#include "base/compute.h"
#include "fusion/pipeline.h"
#include "promptcap/answerer.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"
#include "tests/service/fake_engine.h"
#include "text/client/local_model.h"

#include <sys/wait.h>

namespace atelier::service {
namespace {

/// A service in a process of its own, which exits as `atelier serve` does. @param port  where it listens, once it does
pid_t serve_in_child(uint16_t& port, bool hold) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    Controls controls;
    controls.hold = hold;
    ServiceOptions options;
    options.port = 0;
    Service service(options, [&] { return std::make_unique<FakeEngine>(controls); });
    const uint16_t own = service.port();
    if (::write(pipe_ends[1], &own, sizeof own) != sizeof own) _exit(99);
    std::thread end([&] {  // work in hand ends some time after the signal
      if (hold) std::this_thread::sleep_for(std::chrono::milliseconds(800));
      controls.hold = false;
    });
    service.run(true);
    end.join();
    _exit(0);
  }
  if (::read(pipe_ends[0], &port, sizeof port) != sizeof port) return -1;
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  return child;
}

TEST(Signals, SigtermDrainsAndExitsWithZero) {
  uint16_t port = 0;
  const pid_t child = serve_in_child(port, true);
  ASSERT_GT(child, 0);
  while (ask(port, "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  Client client(port);
  client.send(request_text("POST", "/v1/images/generations", R"({"prompt": "x", "steps": 1})"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ::kill(child, SIGTERM);
  EXPECT_EQ(client.response().status, 200);  // what was in work is answered
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Failure, AModelThatCannotBeLoadedEndsTheService) {
  ServiceOptions options;
  options.port = 0;
  Service service(options, [] { return open_starter_engine({"/nowhere/at/all", {}, {}}); });
  EXPECT_THROW(service.run(false), base::InvalidFile);
}

/// The weights that ship. One loading serves all tests.
class Starter : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::initialise_compute({.device = "cpu", .dtype = "", .threads = 2});
    ServiceOptions options;
    options.port = 0;
    service = std::make_unique<Service>(options, [] { return open_starter_engine({apps::default_model_folder(), {}, {}}); });
    thread = std::thread([] { service->run(false); });
    while (ask(service->port(), "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  static void TearDownTestSuite() {
    service->drain();
    thread.join();
    service.reset();
  }
  static json post(const std::string& path, const json& body) { return json::parse(ask(service->port(), "POST", path, body.dump()).body); }

  static inline std::unique_ptr<Service> service;
  static inline std::thread thread;
};

// One path from a request to pixels: what the service draws, the command line's painter draws, bit for bit.
TEST_F(Starter, DrawsWhatTheCommandLineDraws) {
  const json reply = post("/v1/images/generations", {{"prompt", "a red apple"}, {"style", "noto style"}, {"steps", 3}, {"seed", 5}});
  ASSERT_TRUE(reply.contains("data")) << reply;
  const vision::Image served = vision::decode_image(base::decode_base64(reply["data"][0]["b64_json"].get<std::string>(), 1 << 20, "it"), "it");
  apps::PictureRequest request;
  request.prompt = "a red apple";
  request.style = "noto style";
  request.steps = 3;
  request.sampler = "ddim";
  request.seed = 5;
  const vision::Image drawn = apps::open_painter(apps::default_model_folder())->draw(request, [](int64_t, const auto&) {});
  EXPECT_EQ(served.pixels, drawn.pixels);
  EXPECT_EQ(reply["model_hash"].get<std::string>().size(), 16u);
}

TEST_F(Starter, AnswersWithWordsThatTheSeedDecides) {
  json request = {{"messages", {{{"role", "user"}, {"content", "what is an apple?"}}}}, {"temperature", 0.7}, {"seed", 3}, {"max_tokens", 24}, {"logprobs", true}};
  const json first = post("/v1/chat/completions", request);
  ASSERT_TRUE(first.contains("choices")) << first;
  const std::string text = first["choices"][0]["message"]["content"];
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(post("/v1/chat/completions", request)["choices"][0]["message"]["content"], text);
  EXPECT_LE(first["choices"][0]["logprobs"]["content"][0]["logprob"], 0.0);
  request["stream"] = true;
  std::string streamed;
  for (const std::string& event : events(ask(service->port(), "POST", "/v1/chat/completions", request.dump()).body)) {
    if (event != "[DONE]") streamed += json::parse(event)["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(streamed, text);
}

TEST_F(Starter, AnswersAboutPicturesAsTheCommandLineDoes) {
  const vision::Image picture = vision::read_image(std::string(ATELIER_TEST_DATA) + "/picture_1.png");
  const json content = {{{"type", "text"}, {"text", "what is it?"}},
                        {{"type", "image_url"}, {"image_url", "data:image/png;base64," + base::encode_base64(vision::encode_png(picture))}}};
  const json reply = post("/v1/chat/completions", {{"model", "atelier"}, {"messages", {{{"role", "user"}, {"content", content}}}}});
  ASSERT_TRUE(reply.contains("choices")) << reply;
  const fusion::Pipeline pipeline = fusion::Pipeline::load(apps::default_model_folder());
  const promptcap::Captioner captioner(pipeline);
  EXPECT_EQ(reply["choices"][0]["message"]["content"], promptcap::answer_directly(captioner, {&picture, 1}, "what is it?").text);
}

TEST_F(Starter, WhatItHasNoModelForIsSaid) {
  const Response response = ask(service->port(), "POST", "/v1/memory/search", R"({"text": "x"})");
  EXPECT_EQ(response.status, 501);
  EXPECT_EQ(json::parse(response.body)["error"]["type"], "not_supported_error");
}

// With a CLIP (here a tiny one without training) and a memory made with it.
TEST(StarterWithMemory, EmbedsSearchesAndDrawsAfterDocuments) {
  tests::TemporaryFolder folder;
  const std::filesystem::path starter = apps::default_model_folder(), model = folder / "model";
  std::filesystem::create_directory(model);
  for (const char* part : {"text", "vae", "fusion", "model_index.json"}) std::filesystem::create_symlink(starter / part, model / part);
  std::filesystem::create_directory_symlink(std::filesystem::path(ATELIER_TEST_DATA) / "clip_tiny", model / "clip");
  {
    const retrieval::ClipEmbedder clip(retrieval::Clip::load(model / "clip"));
    retrieval::Memory::create(folder / "memory", clip, 64);
    retrieval::Memory memory = retrieval::Memory::open(folder / "memory", retrieval::Access::write);
    retrieval::NewDocument document;
    document.id = "one";
    document.caption = "a red apple";
    document.licence = "CC0-1.0";
    document.picture = std::string(ATELIER_TEST_DATA) + "/picture_1.png";
    const std::vector<retrieval::PreparedDocument> prepared = {retrieval::prepare(document, 64)};
    memory.add(prepared, clip);
  }
  const std::unique_ptr<Engine> engine = open_starter_engine({model, folder / "memory", {}});
  EXPECT_EQ(engine->info().memory_documents, 1);
  const Tensor vectors = engine->embed_texts({"a red apple", "a dog"});
  EXPECT_EQ(vectors.size(1), engine->info().embedding_dimension);
  EXPECT_NEAR(vectors[0].norm().item<double>(), 1, 1e-3);
  const std::string text = "a red apple";
  const std::vector<Found> found = engine->search(&text, nullptr, 5, true);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].document.id, "one");
  EXPECT_FALSE(found[0].thumbnail.empty());
  apps::PictureRequest request;
  request.prompt = text;
  request.steps = 2;
  request.sampler = "ddim";
  request.documents = engine->retrieve(text, 2);
  ASSERT_EQ(request.documents.size(), 1u);
  EXPECT_EQ(request.documents[0].licence, "CC0-1.0");
  const vision::Image with = engine->draw(request, [](int64_t, const auto&) {});
  request.documents.clear();
  EXPECT_NE(with.pixels, engine->draw(request, [](int64_t, const auto&) {}).pixels);
}

}  // namespace
}  // namespace atelier::service
