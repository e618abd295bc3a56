// `atelier imagine` with the model that ships.
#include "apps/model_folder.h"
#include "tests/apps/program_fixture.h"
#include "vision/image.h"

#include <thread>

namespace atelier::apps {
namespace {

TEST_F(Program, ADrawnPictureTellsHowToDrawItAgain) {
  const Outcome drawn = run({"imagine", "a red apple", "--style", "noto style", "--steps", "4", "--seed", "5", "-o", "apple.png", "--json"});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  const vision::Image image = vision::read_image(folder / "apple.png");
  EXPECT_EQ(image.width, 128);
  EXPECT_EQ(base::parse_json(drawn.out, "stdout").at("pictures").at(0).at("seed"), 5);
  const std::string first = base::read_file(folder / "apple.png");
  const std::string command = run({"inspect", "apple.png"}).out;
  EXPECT_NE(command.find("a red apple"), std::string::npos) << command;
  EXPECT_NE(command.find("--steps 4"), std::string::npos) << command;
  run({"imagine", "a red apple", "--style", "noto style", "--steps", "4", "--seed", "5", "-o", "again.png"});
  EXPECT_EQ(base::read_file(folder / "again.png"), first);
}

// A batch is only a faster way to say the same thing.
TEST_F(Program, ABatchEqualsSingles) {
  ASSERT_EQ(run({"imagine", "a fish", "--steps", "3", "--seed", "7", "-b", "2", "-o", "fish_%d.png"}).exit_code, 0);
  ASSERT_EQ(run({"imagine", "a fish", "--steps", "3", "--seed", "8", "-o", "single.png"}).exit_code, 0);
  std::vector<fs::path> batch;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("fish_")) batch.push_back(entry.path());
  ASSERT_EQ(batch.size(), 2u);
  std::sort(batch.begin(), batch.end());
  EXPECT_EQ(base::read_file(batch[1]), base::read_file(folder / "single.png"));
}

// NegToMe: the first picture of a diverse batch is the one without it, the second is another, and its record makes it again.
TEST_F(Program, ADiverseBatchKeepsItsFirstPicture) {
  const std::vector<std::string> common = {"imagine", "a star", "--steps", "5", "--seed", "7", "-b", "2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), common.begin(), common.end());
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  with({"-o", "plain_%d.png"});
  with({"--diverse", "-o", "apart_%d.png"});
  with({"--diverse", "2", "--negtome-tau", "0.3", "-o", "strong_%d.png"});
  with({"--diverse", "2", "--negtome-tau", "0.3", "--diverse-until", "500", "-o", "long_%d.png"});
  const auto pixels = [&](const char* name) { return vision::read_image(folder / name).pixels; };
  EXPECT_EQ(pixels("plain_1.png"), pixels("apart_1.png"));
  EXPECT_EQ(pixels("plain_1.png"), pixels("strong_1.png"));
  EXPECT_NE(pixels("plain_2.png"), pixels("strong_2.png"));
  EXPECT_NE(pixels("long_2.png"), pixels("strong_2.png"));
  const std::string command = run({"inspect", "strong_2.png"}).out;
  EXPECT_NE(command.find("--batch 2 --diverse=2"), std::string::npos) << command;
  EXPECT_NE(command.find("--seed 7 "), std::string::npos) << command;
}

TEST_F(Program, APictureCanBeAvoided) {
  ASSERT_EQ(run({"imagine", "a star", "--steps", "5", "--seed", "7", "-o", "star.png"}).exit_code, 0);
  const Outcome drawn = run({"imagine", "a star", "--steps", "5", "--seed", "8", "--avoid", "star.png", "--avoid-alpha", "2",
                             "--negtome-tau", "0.3", "-o", "other.png"});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  ASSERT_EQ(run({"imagine", "a star", "--steps", "5", "--seed", "8", "-o", "plain.png"}).exit_code, 0);
  EXPECT_NE(vision::read_image(folder / "other.png").pixels, vision::read_image(folder / "plain.png").pixels);
  EXPECT_NE(run({"inspect", "other.png"}).out.find("--avoid=star.png --avoid-alpha=2"), std::string::npos);
  ASSERT_EQ(run({"imagine", "a star", "--steps", "5", "--seed", "8", "--avoid", "star.png", "--negtome-tau", "0.3", "--avoid-until", "1000", "-o", "short.png"}).exit_code, 0);
  EXPECT_NE(vision::read_image(folder / "short.png").pixels, vision::read_image(folder / "other.png").pixels);
  // It is --avoid's own range, and --diverse's does not touch it.
  ASSERT_EQ(run({"imagine", "a star", "--steps", "5", "--seed", "8", "--avoid", "star.png", "--negtome-tau", "0.3", "--diverse-until", "0", "-o", "same.png"}).exit_code, 0);
  EXPECT_EQ(vision::read_image(folder / "same.png").pixels, vision::read_image(folder / "other.png").pixels);
  const Outcome missing = run({"imagine", "a star", "--avoid", "nowhere.png"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_NE(missing.err.find("nowhere.png"), std::string::npos) << missing.err;
}

// What is dark in the mask stays to the pixel; what is light is drawn anew.
TEST_F(Program, OnlyWhatTheMaskShowsIsDrawnAnew) {
  ASSERT_EQ(run({"imagine", "a red apple", "--steps", "4", "--seed", "5", "-o", "apple.png"}).exit_code, 0);
  vision::Image mask(128, 128, 3, 0);
  for (int64_t y = 0; y < 128; ++y)
    for (int64_t x = 64; x < 128; ++x) std::fill_n(mask.at(x, y), 3, uint8_t{255});
  vision::write_image(folder / "mask.png", mask);
  const Outcome drawn = run({"imagine", "a blue fish", "--steps", "4", "--seed", "6", "--init", "apple.png", "--mask", "mask.png", "-o", "edited.png"});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  const vision::Image before = vision::read_image(folder / "apple.png"), after = vision::read_image(folder / "edited.png");
  EXPECT_EQ(vision::crop(before, 0, 0, 64, 128).pixels, vision::crop(after, 0, 0, 64, 128).pixels);
  EXPECT_NE(vision::crop(before, 64, 0, 64, 128).pixels, vision::crop(after, 64, 0, 64, 128).pixels);
  // With no strength nothing but the autoencoder's round trip happens.
  ASSERT_EQ(run({"imagine", "a blue fish", "--steps", "4", "--seed", "6", "--init", "apple.png", "--strength", "0", "-o", "same.png"}).exit_code, 0);
  EXPECT_GT(vision::psnr(before, vision::read_image(folder / "same.png")), 20);
}

// RA-CM3 from end to end: a picture is remembered, found, read before the prompt, and named in the result.
TEST_F(Program, WhatAMemoryFindsStandsBeforeThePrompt) {
  ASSERT_EQ(run({"imagine", "a red apple", "--steps", "4", "--seed", "5", "-o", "apple.png"}).exit_code, 0);
  ASSERT_EQ(run({"memory", "create", "mine"}).exit_code, 0);
  ASSERT_EQ(run({"memory", "add", "mine", "apple.png", "--caption", "an apple of mine", "--id", "first", "--licence", "CC0"}).exit_code, 0);
  const std::vector<std::string> common = {"imagine", "a green pear", "--steps", "4", "--seed", "9"};
  const auto draw = [&](std::vector<std::string> more) {
    more.insert(more.begin(), common.begin(), common.end());
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome;
  };
  const Outcome found = draw({"--memory", "mine", "-o", "found.png", "--json"});
  const base::json documents = base::parse_json(found.out, "stdout").at("pictures").at(0).at("documents");
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].at("id"), "first");
  EXPECT_EQ(documents[0].at("licence"), "CC0");
  draw({"--with", "apple.png:an apple of mine", "-o", "handed.png"});
  draw({"--no-memory", "-o", "alone.png"});
  const auto pixels = [&](const char* name) { return vision::read_image(folder / name).pixels; };
  EXPECT_NE(pixels("found.png"), pixels("alone.png"));
  EXPECT_NE(pixels("handed.png"), pixels("alone.png"));
  const std::string command = run({"inspect", "found.png"}).out;
  EXPECT_NE(command.find("--memory=mine -k 2"), std::string::npos) << command;
}

// The memory that ships: read when -k asks, and not otherwise, as these weights draw better without it.
TEST_F(Program, TheModelsOwnMemoryIsThereWhenAskedFor) {
  const auto draw = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"imagine", "a red apple, noto style", "--steps", "3", "--seed", "9", "--json"});
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return base::parse_json(outcome.out, "stdout").at("pictures").at(0);
  };
  const base::json documents = draw({"-k", "2", "-o", "own.png"}).at("documents");
  ASSERT_EQ(documents.size(), 2u);
  for (const base::json& document : documents)
    for (const char* field : {"id", "licence"}) EXPECT_FALSE(document.at(field).get<std::string>().empty()) << document;
  EXPECT_NE(documents[0].at("id"), documents[1].at("id"));
  const base::json unasked = draw({"-o", "unasked.png"});
  EXPECT_TRUE(!unasked.contains("documents") || unasked.at("documents").empty()) << unasked;
  draw({"--no-memory", "-o", "without.png"});
  const auto pixels = [&](const char* name) { return vision::read_image(folder / name).pixels; };
  EXPECT_EQ(pixels("unasked.png"), pixels("without.png"));
  EXPECT_NE(pixels("own.png"), pixels("without.png"));

  // Weights that want documents get them unasked, unless they are forbidden.
  const fs::path wants = folder / "wants";
  fs::create_directory(wants);
  for (const fs::directory_entry& part : fs::directory_iterator(default_model_folder()))
    if (part.is_directory()) fs::create_symlink(part.path(), wants / part.path().filename());
  base::write_file(wants / "model_index.json", R"({"_class_name": "AtelierPipeline", "version": "0", "documents": 1})");
  EXPECT_EQ(draw({"--model", wants.string(), "-o", "wanted.png"}).at("documents").size(), 1u);
  const base::json forbidden = draw({"--model", wants.string(), "--no-memory", "-o", "forbidden.png"});
  EXPECT_TRUE(!forbidden.contains("documents") || forbidden.at("documents").empty()) << forbidden;
  EXPECT_EQ(pixels("forbidden.png"), pixels("without.png"));
}

TEST_F(Program, TheBestOfSeveralIsOneOfThem) {
  ASSERT_EQ(run({"imagine", "a star", "--steps", "3", "--seed", "7", "--best-of", "3", "--no-memory", "-o", "best.png", "--json"}).exit_code, 0);
  ASSERT_EQ(run({"imagine", "a star", "--steps", "3", "--seed", "7", "-b", "3", "--no-memory", "-o", "each_%d.png"}).exit_code, 0);
  int64_t same = 0;
  for (const char* name : {"each_1.png", "each_2.png", "each_3.png"}) same += base::read_file(folder / name) == base::read_file(folder / "best.png");
  EXPECT_EQ(same, 1);
}

TEST_F(Program, StoppedByHandItLeavesNoHalfPicture) {
  const pid_t child = start({"imagine", "a tree", "--steps", "1000", "-b", "64", "-o", "tree_%02d.png", "--preview", "now.png"});
  for (int i = 0; i < 1200 && !fs::exists(folder / "now.png"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(child, SIGINT);
  const Outcome outcome = wait(child);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
    if (name.ends_with(".png")) {
      EXPECT_EQ(vision::read_image(entry.path()).width, 128) << name;
    }
  }
}

}  // namespace
}  // namespace atelier::apps
