// The sketchpad's learned tools with the weights that ship.
#include "apps/model_folder.h"
#include "apps/painter.h"
#include "apps/service/starter_models.h"
#include "base/compute.h"
#include "base/error.h"
#include "fusion/pipeline.h"
#include "promptcap/scoring.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <cmath>

namespace atelier::service {
namespace {

using base::InvalidArgument;
using base::json;

/// One loading serves all tests.
class StarterTools : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::initialise_compute({.device = "cpu", .dtype = "", .threads = 2});
    folder = std::make_unique<tests::TemporaryFolder>();
    const retrieval::ClipEmbedder clip(retrieval::Clip::load(apps::default_model_folder() / "clip"));
    retrieval::Memory::create(folder->path() / "memory", clip);
    auto memory = retrieval::Memory::open(folder->path() / "memory", retrieval::Access::write);
    const auto document = [](const char* id, const char* caption, const vision::Image& picture) {
      retrieval::NewDocument made;
      made.id = id, made.caption = caption, made.picture_bytes = vision::encode_png(picture);
      return retrieval::prepare(std::move(made), 128);
    };
    const std::vector<retrieval::PreparedDocument> documents = {document("red", "a red square", square(220, 20, 20)),
                                                                document("sea", "a whale in the sea", square(20, 40, 200))};
    memory.add(documents, clip);
    tools = std::make_unique<sketchpad::Toolbox>(sketchpad::sketch_tools(starter_models(apps::default_model_folder(), folder->path() / "memory")));
  }
  static void TearDownTestSuite() {
    tools.reset();
    folder.reset();
  }
  static vision::Image square(uint8_t r, uint8_t g, uint8_t b) {
    vision::Image image(64, 64);
    for (size_t i = 0; i < image.pixels.size(); i += 3) image.pixels[i] = r, image.pixels[i + 1] = g, image.pixels[i + 2] = b;
    return image;
  }
  sketchpad::Observation call(const char* tool, const json& arguments) { return tools->find(tool).run(arguments, sheet); }

  static inline std::unique_ptr<tests::TemporaryFolder> folder;
  static inline std::unique_ptr<sketchpad::Toolbox> tools;
  sketchpad::Sheet sheet;
};

TEST_F(StarterTools, SimilarKnowsAPictureAgain) {
  sheet.put("red", square(220, 20, 20));
  sheet.put("other_red", square(200, 30, 30));
  sheet.put("blue", square(20, 40, 200));
  const auto of = [&](const char* other) { return call("similar", {{"picture", "red"}, {"to", other}}).data["similarity"].get<double>(); };
  EXPECT_NEAR(of("red"), 1, 0.01);
  EXPECT_GT(of("other_red"), of("blue"));
  const auto ranked = call("similar", {{"picture", "red"}, {"words", {"a red square", "a whale"}}});
  EXPECT_EQ(ranked.data["similarities"].size(), 2U);
  for (const json& one : ranked.data["similarities"]) EXPECT_LE(std::abs(one["similarity"].get<double>()), 1.0001);
}

TEST_F(StarterTools, RecallFindsThePictureThatIsThere) {
  sheet.put("red", square(220, 20, 20));
  const auto found = call("recall", {{"picture", "red"}, {"count", 1}});
  ASSERT_EQ(found.data["found"].size(), 1U) << found.text;
  EXPECT_EQ(found.data["found"][0]["id"], "red");
  ASSERT_TRUE(found.picture);
  EXPECT_GT(*found.picture->at(80, 80), 200);  // its own pixels are shown
  EXPECT_EQ(call("recall", {{"words", "a whale in the sea"}}).data["found"].size(), 2U);
}

// What `atelier imagine` draws for the same words, steps and seed.
TEST_F(StarterTools, ImagineDrawsWhatTheCommandLineDraws) {
  const auto drawn = call("imagine", {{"prompt", "a red apple"}, {"seed", 5}, {"steps", 2}});
  apps::PictureRequest request;
  request.prompt = "a red apple", request.sampler = "ddim", request.steps = 2, request.seed = 5;
  EXPECT_EQ(drawn.picture->pixels, apps::open_painter(apps::default_model_folder())->draw(request, [](int64_t, const auto&) {}).pixels);
}

TEST_F(StarterTools, AskAnswersFromACaption) {
  sheet.put("red", square(220, 20, 20));
  const auto said = call("ask", {{"question", "what colour is it?"}});
  EXPECT_FALSE(said.data["answer"].get<std::string>().empty());
  EXPECT_TRUE(said.data["answer"] == promptcap::kCannotTell || !said.data["caption"].get<std::string>().empty());
  EXPECT_EQ(call("ask", {{"question", "what colour is it?"}}).text, said.text);  // nothing is drawn by lot
}

// The service has its parts loaded already; what they are asked gives what their folder gives.
TEST_F(StarterTools, PartsThatAreLoadedSayTheSame) {
  const auto pipeline = std::make_shared<const fusion::Pipeline>(fusion::Pipeline::load(apps::default_model_folder()));
  const retrieval::ClipEmbedder clip(retrieval::Clip::load(apps::default_model_folder() / "clip"));
  const auto memory = retrieval::Memory::open(folder->path() / "memory", retrieval::Access::read);
  const sketchpad::Toolbox over_parts = sketchpad::sketch_tools(starter_models({pipeline, &clip, &memory}));
  sheet.put("red", square(220, 20, 20));
  for (const auto& [tool, arguments] : std::vector<std::pair<const char*, json>>{{"imagine", {{"prompt", "a red apple"}, {"steps", 1}}}, {"ask", {{"question", "what colour is it?"}, {"picture", "red"}}},
           {"similar", {{"words", {"a dog"}}, {"picture", "red"}}}, {"recall", {{"picture", "red"}}}}) {
    sketchpad::Sheet own = sheet;
    const auto here = over_parts.find(tool).run(arguments, own), there = call(tool, arguments);
    EXPECT_EQ(here.data, there.data) << tool;
    if (there.picture) {
      EXPECT_EQ(here.picture->pixels, there.picture->pixels) << tool;
    }
  }
  const sketchpad::Toolbox nothing = sketchpad::sketch_tools(starter_models(StarterParts{}));
  EXPECT_ERROR(nothing.find("ask").run({{"question", "what?"}}, sheet), InvalidArgument, "ask: there is no model");
  EXPECT_ERROR(nothing.find("similar").run({{"words", {"a dog"}}}, sheet), InvalidArgument, "similar: there is no CLIP");
  EXPECT_ERROR(nothing.find("recall").run({{"words", "a dog"}}, sheet), InvalidArgument, "recall: there is no memory");
}

TEST(StarterToolsAbsent, EachSaysWhichPartIsMissing) {
  const tests::TemporaryFolder folder;
  const sketchpad::Toolbox tools = sketchpad::sketch_tools(starter_models(folder.path()));
  sketchpad::Sheet sheet;
  sheet.put("seen", vision::Image(8, 8));
  const auto call = [&](const char* tool, const json& arguments) { return tools.find(tool).run(arguments, sheet); };
  EXPECT_ERROR(call("similar", {{"words", {"a dog"}}}), InvalidArgument, "similar: there is no CLIP in");
  EXPECT_ERROR(call("ask", {{"question", "what is it?"}}), InvalidArgument, "ask: there is no model in");
  EXPECT_ERROR(call("recall", {{"words", "a dog"}}), InvalidArgument, "recall: there is no memory to search");
  EXPECT_ERROR(call("imagine", {{"prompt", "a dog"}}), InvalidArgument, "imagine: there is no model in");
}

}  // namespace
}  // namespace atelier::service
