// `atelier serve` as a process manager runs it, with the model that ships.
#include "apps/model_folder.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"
#include "tests/apps/program_fixture.h"
#include "tests/service/client.h"

#include <thread>

namespace atelier::apps {
namespace {

using service::ask;

class Serve : public Program {
 protected:
  /// The port that a started service says it listens at.
  uint16_t port() const {
    for (int i = 0; i < 1200; ++i) {
      const std::string log = fs::exists(folder / "stderr") ? base::read_file(folder / "stderr") : "";
      const size_t at = log.find("\"port\":");
      if (at != log.npos && log.find('\n', at) != log.npos) return static_cast<uint16_t>(std::stoi(log.substr(at + 7)));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return 0;
  }
};

TEST_F(Serve, AnswersUntilSigtermAndExitsWithZero) {
  const pid_t child = start({"serve", "--port", "0", "--log", "json"});
  const uint16_t at = port();
  ASSERT_NE(at, 0) << base::read_file(folder / "stderr");
  while (ask(at, "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(ask(at, "POST", "/v1/images/generations", R"({"prompt": "a secret apple", "steps": 2})").status, 200);
  kill(child, SIGTERM);
  const Outcome outcome = wait(child);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find("secret"), std::string::npos) << outcome.err;
}

// The sketch loop with this service as its planner: the picture goes there, words come back, and what is wrong is said.
// How well the small model that ships thinks is no matter here.
TEST_F(Serve, PlansForTheSketchLoop) {
  const std::string key = "a-key-of-forty-letters-for-this-one-test", picture = ATELIER_TEST_DATA "/picture_1.png";
  base::write_file(folder / "keys", key + "\n");
  const pid_t child = start({"serve", "--port", "0", "--log", "json", "--api-key-file", "keys"});
  const uint16_t at = port();
  ASSERT_NE(at, 0) << base::read_file(folder / "stderr");
  while (ask(at, "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const fs::path service = folder;
  folder = service / "planner";  // a program of its own, with its own outputs
  fs::create_directory(folder);
  const auto sketch = [&](const std::string& with, const std::string& trace) {
    return run({"sketch", "--planner", "http://127.0.0.1:" + std::to_string(at) + "/v1", "--steps", "1", "--trace", trace, "what colour is it?", "--image", picture},
               {"OPENAI_API_KEY=" + with});
  };
  const Outcome answered = sketch(key, "answered"), refused = sketch("not-the-right-key", "refused");
  EXPECT_EQ(answered.exit_code, 0) << answered.err;
  EXPECT_GT(answered.out.size(), 1u);
  const base::json trace = base::read_json(folder / "answered/trace.json");
  ASSERT_GE(trace["steps"].size(), 1u);
  EXPECT_TRUE(fs::exists(folder / "answered/page.html"));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("refuses the key (401)"), std::string::npos) << refused.err;
  EXPECT_TRUE(fs::exists(folder / "refused/trace.json")) << "what there was is kept";
  folder = service;
  kill(child, SIGTERM);
  EXPECT_EQ(wait(child).exit_code, 0);
}

// Its log is cut off in the middle of a line, nothing can be written, and it answers on, the memory included.
TEST_F(Serve, AFullDiskCostsTheLogAndNothingElse) {
  {
    const retrieval::ClipEmbedder clip(retrieval::Clip::load(default_model_folder() / "clip"));
    retrieval::Memory::create(folder / "memory", clip);
    retrieval::NewDocument document;
    document.id = "one", document.caption = "a red apple";
    retrieval::Memory::open(folder / "memory", retrieval::Access::write).add(std::vector{retrieval::prepare(document, 128)}, clip);
  }
  constexpr size_t kBytes = 40'000;  // what SQLite's shared index takes, and not many lines of the log
  pid_t child;
  {
    const FullDisk full(kBytes);
    child = start({"serve", "--port", "0", "--log", "json", "--memory", (folder / "memory").string()});
  }
  const uint16_t at = port();
  ASSERT_NE(at, 0) << base::read_file(folder / "stderr");
  while (ask(at, "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (int i = 0; i < 400; ++i) {
    const auto found = ask(at, "POST", "/v1/memory/search", R"({"text": "an apple"})");
    ASSERT_EQ(found.status, 200) << found.body;
    EXPECT_EQ(base::json::parse(found.body)["data"][0]["id"], "one");
  }
  EXPECT_EQ(ask(at, "POST", "/v1/memory/search", R"({"k": 0})").status, 400);
  EXPECT_EQ(fs::file_size(folder / "stderr"), kBytes);
  kill(child, SIGTERM);
  EXPECT_EQ(wait(child).exit_code, 0);
}

TEST_F(Serve, WhatCannotBeServedIsSaidAtOnce) {
  Outcome outcome = run({"serve", "--port", "0", "--host", "0.0.0.0"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("needs --api-key-file"), std::string::npos) << outcome.err;
  outcome = run({"serve", "--port", "0", "--model", "nowhere"});
  EXPECT_EQ(outcome.exit_code, 3);
  base::write_file(folder / "keys", "short\n");
  outcome = run({"serve", "--port", "0", "--api-key-file", "keys"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("line 1 must have 16 to 256"), std::string::npos) << outcome.err;
}

// A model that breaks while it loads ends the service with the file's own sentence.
TEST_F(Serve, AModelThatIsBrokenEndsIt) {
  const Outcome outcome = run({"serve", "--port", "0", "--model", hollow_model().string()});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
}

}  // namespace
}  // namespace atelier::apps
