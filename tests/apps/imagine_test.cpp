#include "apps/imagine.h"

#include "apps/metadata.h"
#include "apps/output_names.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "tests/support.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

/// Paints the seed, so that a test sees which request became which file.
class FakePainter : public Painter {
 public:
  explicit FakePainter(std::vector<PictureRequest>& requests) : requests_(requests) {}
  vision::Image draw(const PictureRequest& request, const StepCallback& on_step) override {
    requests_.push_back(request);
    for (int64_t step = 0; step < request.steps; ++step)
      on_step(step, [&] { return vision::Image(128, 128, 3, static_cast<uint8_t>(step)); });
    return vision::Image(128, 128, 3, static_cast<uint8_t>(request.seed));
  }
  const std::string& latents_name() const override { return latents_; }
  const std::string& model_hash() const override { return hash_; }

 private:
  std::vector<PictureRequest>& requests_;
  std::string hash_ = "0123456789abcdef", latents_ = "latents-0123456789abcdef";
};

class Imagine : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_quiet(true);
    std::string name = (fs::temp_directory_path() / "atelier_imagine_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    options.model = folder / "model";
    for (const char* part : {"vae", "text", "fusion"}) fs::create_directories(options.model / part);
    base::write_json(options.model / "model_index.json",
                     {{"_class_name", "AtelierPipeline"}, {"version", "1"}});
    for (const char* part : {"vae", "text"}) base::write_json(options.model / part / "config.json", base::json::object());
    base::write_json(options.model / "fusion/config.json", {{"latent_size", 16}, {"styles", {"noto", "3d"}}});
    options.prompts = {"a red apple"};
    options.output = (folder / "picture.png").string();
    options.seed = 7;
  }
  void TearDown() override { fs::remove_all(folder); }

  ImagineResult draw() {
    return imagine(options, [&](const fs::path&) { return std::make_unique<FakePainter>(requests); });
  }
  int value_in(const fs::path& path) { return vision::read_image(path).pixels.front(); }

  fs::path folder;
  ImagineOptions options;
  std::vector<PictureRequest> requests;
};

TEST_F(Imagine, OnePictureIsOneFileThatSaysHowItWasDrawn) {
  options.style = "noto";
  const ImagineResult result = draw();
  ASSERT_EQ(result.pictures.size(), 1u);
  EXPECT_EQ(value_in(folder / "picture.png"), 7);
  const auto record = read_record(base::read_file(folder / "picture.png"), "picture.png");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->prompt, "a red apple");
  EXPECT_EQ(record->seed, 7);
  EXPECT_EQ(record->style, "noto");
  EXPECT_EQ(record->model, "model");
  EXPECT_EQ(record->model_hash, "0123456789abcdef");
  EXPECT_EQ(to_json(result).at("pictures").at(0).at("seed"), 7);
}

TEST_F(Imagine, ABatchCountsSeedsUpAndEveryPromptStartsAnew) {
  options.prompts = {"a", "b"};
  options.batch = 3;
  options.output = (folder / "out_%02d.png").string();
  options.grid = folder / "grid.png";
  draw();
  ASSERT_EQ(requests.size(), 6u);
  EXPECT_EQ(requests[4].prompt, "b");
  EXPECT_EQ(requests[4].seed, 8u);
  EXPECT_EQ(value_in(folder / "out_05.png"), 8);
  const vision::Image grid = vision::read_image(options.grid);
  EXPECT_EQ(grid.width, 3 * 128 + 2 * 4);  // a row a prompt
  EXPECT_EQ(grid.at(140, 140)[0], 8);
}

TEST_F(Imagine, ARandomSeedIsRecorded) {
  options.seed.reset();
  const ImagineResult result = draw();
  EXPECT_EQ(static_cast<uint64_t>(result.pictures[0].seed), requests[0].seed);
  EXPECT_LT(requests[0].seed, uint64_t{1} << 32);
  draw();
  EXPECT_NE(requests[0].seed, requests[1].seed);
}

TEST_F(Imagine, ThePreviewShowsStepsAndEndsWithThePicture) {
  options.preview = folder / "preview.png";
  std::vector<int> seen;
  imagine(options, [&](const fs::path&) {
    class Watching : public FakePainter {
     public:
      Watching(std::vector<PictureRequest>& requests, std::function<void()> after) : FakePainter(requests), after_(std::move(after)) {}
      vision::Image draw(const PictureRequest& request, const StepCallback& on_step) override {
        return FakePainter::draw(request, [&](int64_t step, const std::function<vision::Image()>& so_far) {
          on_step(step, so_far);
          if (step == 6) after_();
        });
      }
      std::function<void()> after_;
    };
    return std::make_unique<Watching>(requests, [&] { seen.push_back(value_in(options.preview)); });
  });
  EXPECT_EQ(seen, std::vector{4});
  EXPECT_EQ(value_in(options.preview), 7);
}

TEST_F(Imagine, NothingIsOpenedForARequestThatCannotEnd) {
  options.output = (folder / "none/picture.png").string();
  EXPECT_THROW(draw(), base::InvalidArgument);
  if (geteuid() != 0) {  // root may write everywhere
    options.output = "/proc/picture.png";
    EXPECT_THROW(draw(), base::InvalidArgument);
  }
  EXPECT_TRUE(requests.empty());
}

// What the pictures of a prompt share is read once; each knows which one it is, and its record how to make it again.
TEST_F(Imagine, GuidanceByPicturesReachesEveryPicture) {
  vision::write_image(folder / "logo.png", vision::Image(20, 10, 3, 40));
  vision::write_image(folder / "mask.png", vision::Image(8, 8, 3, 255));
  options.prompts = {"a", "b"};
  options.batch = 2;
  options.negtome.diverse = 1.5;
  options.negtome.avoid = {folder / "logo.png"};
  options.negtome.avoid_mask = folder / "mask.png";
  options.negtome.config.tau = 0.5;
  const ImagineResult result = draw();
  ASSERT_EQ(requests.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(requests[i].negtome.index, i % 2);
    EXPECT_EQ(requests[i].negtome.diverse, 1.5);
    EXPECT_EQ(requests[i].negtome.avoid.at(0).width, 20);
    EXPECT_EQ(requests[i].negtome.avoid_mask.width, 8);
    EXPECT_EQ(requests[i].negtome.config.tau, 0.5);
  }
  const auto record = read_record(base::read_file(result.pictures[1].path), "second");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->batch_index, 1);
  EXPECT_EQ(record->avoid.at(0).hash, pixel_hash(vision::Image(20, 10, 3, 40)));
  EXPECT_NE(record->avoid.at(0).hash, pixel_hash(vision::Image(10, 20, 3, 40)));
  const std::string command = command_line(*record);
  for (const char* part : {"--batch 2 --diverse=1.5", "--avoid=", "--avoid-mask=", "--negtome-tau=0.5", "--diverse-until=900", "--avoid-until=700", "--seed 7 "})
    EXPECT_NE(command.find(part), std::string::npos) << command;
}

TEST_F(Imagine, GuidanceByPicturesThatCannotBe) {
  const auto refused = [&](auto&& change, const char* message) {
    const ImagineOptions before = options;
    change(options.negtome);
    EXPECT_ERROR(draw(), base::InvalidArgument, message);
    options = before;
  };
  refused([](NegToMeOptions& n) { n.diverse = 1; }, "ask for several with --batch");
  refused([](NegToMeOptions& n) { n.avoid_alpha = 11; }, "alpha must be -10 to 10, not 11");
  refused([](NegToMeOptions& n) { n.config.tau = 3; }, "tau must be -1 to 2, not 3");
  refused([](NegToMeOptions& n) { n.config.avoid_until = -1; }, "avoid-until must be 0 to 1000, not -1");
  refused([](NegToMeOptions& n) { n.avoid_mask = "m.png"; }, "there is no --avoid");
  refused([](NegToMeOptions& n) { n.avoid.assign(9, "a.png"); }, "at most 8 pictures");
  options.negtome.avoid = {folder / "none.png"};
  EXPECT_THROW(draw(), base::InvalidFile);
  EXPECT_TRUE(requests.empty());
}

TEST_F(Imagine, HandedDocumentsAndThePictureToStartFromReachThePainterAndTheRecord) {
  const fs::path cat = folder / "cat.png", face = folder / "face.png", hat = folder / "hat.png";
  for (const auto& [path, fill] : {std::pair(cat, 10), std::pair(face, 20), std::pair(hat, 30)})
    vision::write_image(path, vision::Image(8, 8, 3, static_cast<uint8_t>(fill)));
  options.documents.with = {{cat, "our cat"}};
  options.edit.init = face;
  draw();
  ASSERT_EQ(requests.back().documents.size(), 1u);
  EXPECT_EQ(requests.back().documents[0].caption, "our cat");
  EXPECT_EQ(requests.back().documents[0].picture.pixels.front(), 10);
  EXPECT_EQ(requests.back().init.pixels.front(), 20);
  EXPECT_TRUE(requests.back().mask.pixels.empty());
  EXPECT_EQ(requests.back().strength, 0.6);
  options.edit.mask = hat;
  draw();
  EXPECT_EQ(requests.back().mask.pixels.front(), 30);
  EXPECT_EQ(requests.back().strength, 1);
  const auto record = read_record(base::read_file(folder / "picture.png"), "picture.png");
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->k);
  const std::string command = command_line(*record);
  for (const std::string& part : {" --with='" + cat.string() + ":our cat'", " --init=" + face.string(), " --mask=" + hat.string(), std::string(" --strength=1 "), std::string(" --no-memory")})
    EXPECT_NE(command.find(part), std::string::npos) << command;
}

TEST_F(Imagine, DocumentsAndEditsThatCannotBe) {
  const auto refused = [&](auto&& change, const char* message) {
    const ImagineOptions before = options;
    change();
    EXPECT_ERROR(draw(), base::InvalidArgument, message);
    options = before;
  };
  refused([&] { options.documents.k = 2; }, "there is none");
  refused([&] { options.documents.k = 9; }, "k must be 0 to 8");
  refused([&] { options.documents.no_memory = true; options.documents.memory = folder; }, "--no-memory");
  refused([&] { options.documents.with.resize(9); }, "at most 8 documents");
  refused([&] { options.edit.mask = "hat.png"; }, "--init");
  refused([&] { options.edit.strength = 0.5; }, "--init");
  refused([&] { options.edit.init = "face.png"; options.edit.strength = 1.5; }, "strength must be 0 to 1");
  refused([&] { options.best_of = 0; }, "best-of must be 1 to 64");
  refused([&] { options.best_of = 2; options.batch = 2; options.negtome.diverse = 0.9; }, "--best-of");
  EXPECT_TRUE(requests.empty());
}

TEST(OutputNames, CountAsThePatternSays) {
  using Paths = std::vector<fs::path>;
  EXPECT_EQ(output_names("a.png", 1), (Paths{"a.png"}));
  EXPECT_EQ(output_names("d/a.jpg", 2), (Paths{"d/a_1.jpg", "d/a_2.jpg"}));
  EXPECT_EQ(output_names("a%03d.png", 2), (Paths{"a001.png", "a002.png"}));
  EXPECT_EQ(output_names("%d%%.PNG", 1), (Paths{"1%.PNG"}));
  for (const char* bad : {"a%s.png", "a%.png", "a%d%d.png", "a%00d.png", "a%3d.png", "a%", "a", "a.png/", "%n.png"})
    EXPECT_THROW(output_names(bad, 2), base::InvalidArgument) << bad;
}

}  // namespace
}  // namespace atelier::apps
