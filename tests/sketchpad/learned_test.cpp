// Tools that ask learned models, with models that say what they were asked.
#include "base/error.h"
#include "run.h"
#include "sketchpad/models.h"

#include <thread>

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

struct FakeModels : Models {
  std::vector<double> similarities(const vision::Image& picture, const std::vector<std::shared_ptr<const vision::Image>>& others,
                                   const std::vector<std::string>& texts) override {
    std::vector<double> out;
    for (const auto& other : others) out.push_back(other->pixels == picture.pixels ? 1 : 0.25);
    for (const std::string& text : texts) out.push_back(0.01 * static_cast<double>(text.size()));
    return out;
  }
  Answered answer(const vision::Image& picture, const std::string& question) override {
    if (question == "fail") throw InvalidArgument("the question has 2000 tokens");
    return {std::to_string(picture.width), question};
  }
  std::vector<Recalled> recall(const std::string* text, const vision::Image* picture, int64_t count) override {
    std::vector<Recalled> out;
    for (int64_t i = 0; i < std::min(count, documents); ++i)
      out.push_back({fmt::format("d{}", i), (text ? *text : "") + (picture ? "+" : ""), "here", "CC0-1.0", 0.9 - 0.1 * static_cast<double>(i),
                     i == 1 ? nullptr : std::make_shared<const vision::Image>(20, 40, 3, uint8_t{0})});
    return out;
  }
  vision::Image imagine(const std::string&, int64_t steps, uint64_t seed, const std::function<void()>& on_step) override {
    for (int64_t i = 0; i < steps; ++i) {
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      on_step();
    }
    return vision::Image(8, 8, 3, static_cast<uint8_t>(seed));
  }
  int64_t documents = 6;
  bool slow = false;
};

struct LearnedDesk : Desk {
  LearnedDesk() { tools = sketch_tools(models); }
  std::shared_ptr<FakeModels> models = std::make_shared<FakeModels>();
};

TEST(Learned, WithoutModelsEachToolSaysSo) {
  Desk desk;
  desk("new_canvas");
  EXPECT_ERROR(desk("similar", {{"words", {"a dog"}}}), InvalidArgument, "similar: no models are loaded here");
  EXPECT_ERROR(desk("ask", {{"question", "what is it?"}}), InvalidArgument, "ask: no models are loaded here");
  EXPECT_ERROR(desk("recall", {{"words", "a dog"}}), InvalidArgument, "recall: no models are loaded here");
  EXPECT_ERROR(desk("imagine", {{"prompt", "a dog"}}), InvalidArgument, "imagine: no models are loaded here");
}

TEST(Similar, ComparesPicturesAndRanksWords) {
  LearnedDesk desk;
  desk.sheet.put("white", vision::Image(8, 8));
  desk.sheet.put("black", vision::Image(8, 8, 3, 0));
  EXPECT_EQ(desk("similar", {{"picture", "white"}, {"to", "black"}}).data["similarity"], 0.25);
  EXPECT_EQ(desk("similar", {{"picture", "white"}, {"to", "white"}}).data["similarity"], 1);
  const Observation ranked = desk("similar", {{"words", {"a cat", "an elephant", "a dog!"}}});
  EXPECT_EQ(ranked.text, "most alike first: \"an elephant\" 0.110; \"a dog!\" 0.060; \"a cat\" 0.050");
  EXPECT_EQ(ranked.data["best"], "an elephant");
  EXPECT_ERROR(desk("similar"), InvalidArgument, "either another picture (to) or words");
  EXPECT_ERROR(desk("similar", {{"to", "white"}, {"words", {"a cat"}}}), InvalidArgument, "either another picture (to) or words");
  EXPECT_ERROR(desk("similar", {{"to", "grey"}}), InvalidArgument, "grey");
  EXPECT_ERROR(desk("similar", {{"words", json::array()}}), InvalidArgument, "words");
  EXPECT_ERROR(desk("similar", {{"words", {"a cat", " "}}}), InvalidArgument, "holds no word");
  EXPECT_ERROR(desk("similar", {{"words", json(std::vector<std::string>(17, "a"))}}), InvalidArgument, "words");
}

TEST(Ask, PassesTheQuestionOn) {
  LearnedDesk desk;
  desk.sheet.put("seen", vision::Image(12, 8));
  const Observation said = desk("ask", {{"question", "how wide?"}});
  EXPECT_EQ(said.data["answer"], "12");
  EXPECT_EQ(said.text, "the model answers \"12\"; it sees \"how wide?\"");
  EXPECT_ERROR(desk("ask", {{"question", "fail"}}), InvalidArgument, "ask: the question has 2000 tokens");
  EXPECT_ERROR(desk("ask", {{"question", "\n"}}), InvalidArgument, "holds no word");
  EXPECT_ERROR(desk("ask"), InvalidArgument, "question");
  EXPECT_ERROR(desk("ask", {{"question", std::string(401, 'a')}}), InvalidArgument, "400");
  EXPECT_ERROR(desk("ask", {{"question", "what?"}, {"picture", "other"}}), InvalidArgument, "other");
}

TEST(Recall, ShowsPicturesInRowsAndQuotesCaptions) {
  LearnedDesk desk;
  desk.sheet.put("seen", vision::Image(12, 8));
  const Observation found = desk("recall", {{"words", "say\n\"no\""}, {"picture", "seen"}, {"count", 5}});
  ASSERT_EQ(found.data["found"].size(), 5U) << found.text;
  EXPECT_EQ(found.text.find('\n'), std::string::npos) << "captions are data on one line";
  EXPECT_NE(found.text.find(R"(1. "say\n\"no\"+" (0.900);)"), std::string::npos) << found.text;
  EXPECT_EQ(found.data["found"][4]["id"], "d4");
  ASSERT_TRUE(found.picture);
  EXPECT_EQ(found.picture->width, 640);
  EXPECT_EQ(found.picture->height, 320);
  EXPECT_EQ(*found.picture->at(80, 80), 0);     // the first picture
  EXPECT_EQ(*found.picture->at(240, 80), 255);  // the second document has none
  EXPECT_EQ(*found.picture->at(80, 240), 0);    // the fifth begins the second row
  EXPECT_NEAR(found.data["found"][4]["box"][1].get<double>(), 0.5, 1e-6);
  desk.models->documents = 0;
  EXPECT_EQ(desk("recall", {{"words", "a"}}).text, "the memory is empty");
  EXPECT_ERROR(desk("recall"), InvalidArgument, "give words, a picture, or both");
  EXPECT_ERROR(desk("recall", {{"words", " "}}), InvalidArgument, "holds no word");
  EXPECT_ERROR(desk("recall", {{"words", "a"}, {"count", 9}}), InvalidArgument, "count must be");
}

TEST(Imagine, DrawsIntoTheSheetWithinItsTime) {
  LearnedDesk desk;
  const Observation drawn = desk("imagine", {{"prompt", "a red apple"}, {"seed", 7}, {"steps", 3}});
  EXPECT_EQ(drawn.text, "8 x 8 pixels drawn for \"a red apple\", seed 7");
  EXPECT_EQ(desk.sheet.picture("imagined_1")->pixels, std::vector<uint8_t>(192, 7));
  EXPECT_ERROR(desk("imagine", {{"prompt", "  "}}), InvalidArgument, "holds no word");
  EXPECT_ERROR(desk("imagine", {{"prompt", "a"}, {"steps", 101}}), InvalidArgument, "steps must be");
  EXPECT_ERROR(desk("imagine", {{"prompt", "a"}, {"seed", -1}}), InvalidArgument, "seed must be");
  desk.models->slow = true;
  Tool hasty = desk.tools.find("imagine");
  hasty.limits({.time = std::chrono::milliseconds(20)});
  EXPECT_ERROR(hasty.run({{"prompt", "a"}, {"steps", 100}}, desk.sheet), InvalidArgument, "imagine took longer than its 20 ms");
  EXPECT_FALSE(desk.sheet.has("imagined_2"));
}

}  // namespace
}  // namespace atelier::sketchpad
