/// Things named by a classifier beside the model, and pictures described with their names.
#include "promptcap/captioner.h"

#include "tests/promptcap/tiny_pipeline.h"

namespace atelier::promptcap {
namespace {

using tests::TinyPipeline;

constexpr int64_t kEntries = 4, kFeatures = 2 * kEntries * 9;  // both signs, nine places

/// Two squares on an even ground: a red one on the left, one of two colours on the right.
vision::Image two_squares() {
  vision::Image image(128, 128);
  for (int64_t y = 0; y < 128; ++y)
    for (int64_t x = 0; x < 128; ++x) {
      const bool inside = y >= 50 && y < 80, left = inside && x >= 10 && x < 40, right = inside && x >= 80 && x < 110;
      const std::array<uint8_t, 3> colour = left ? std::array<uint8_t, 3>{214, 36, 40} : right ? (y < 65 ? std::array<uint8_t, 3>{20, 60, 200} : std::array<uint8_t, 3>{240, 200, 20}) : std::array<uint8_t, 3>{255, 255, 255};
      std::ranges::copy(colour, image.at(x, y));
    }
  return image;
}

class DescriberTest : public testing::Test {
 protected:
  /// Random weights small enough that a question outweighs what they see, and a bias for the first name.
  void write_names(const std::vector<std::string>& names = {"key", "piggy bank", "bank", "dog"}, int64_t features = kFeatures, int64_t rows = 5, int64_t values = PatchDictionary::kValues) {
    at::manual_seed(1);
    Tensor bias = at::zeros({rows});
    bias[0] = 1;
    std::filesystem::create_directories(model_.folder() / "names");
    base::write_json(model_.folder() / "names" / "config.json", {{"names", names}, {"styles", {"noto style"}}});
    base::write_safetensors(model_.folder() / "names" / "model.safetensors", {{"filters", at::randn({kEntries, values})}, {"offsets", at::zeros({kEntries})}, {"weight", 1e-3 * at::randn({rows, features})}, {"bias", bias}}, {{"format", "pt"}});
  }
  TinyPipeline model_;
};

TEST_F(DescriberTest, NamesWhatTheQuestionNames) {
  write_names();
  const Describer describer = *Describer::of(model_.folder());
  const Sight sight = describer.look(two_squares());
  ASSERT_EQ(sight.things.size(), 2u);
  EXPECT_EQ(sight.ground, "white");
  const std::string plain = describer.describe(sight, "").text;
  EXPECT_NE(plain.find("a red key on the left"), plain.npos) << plain;
  EXPECT_NE(plain.find("a key on the right"), plain.npos) << plain;
  // One of them is the dog, and "the piggy bank" is no bank.
  const std::string asked = describer.describe(sight, "is the dog left of the piggy bank?").text;
  EXPECT_NE(asked.find("dog"), asked.npos) << asked;
  EXPECT_NE(describer.describe(sight, "how many dogs are there?").text.find("dog"), std::string::npos);
  EXPECT_LE(describer.describe(sight, "").log_probability, 0);
}

TEST_F(DescriberTest, NamesInATextAreTheLongestOnes) {
  write_names();
  const Names names = Names::load(model_.folder() / "names");
  EXPECT_EQ(names.said_in("is the piggy bank above two dogs?"), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(names.said_in("Which bank? The BANK!"), (std::vector<int64_t>{2}));
  EXPECT_TRUE(names.said_in("how many keyboards are there?").empty());
  EXPECT_TRUE(names.said_in("").empty());
}

TEST_F(DescriberTest, ThePictureItselfWhereNothingStandsApart) {
  write_names();
  const Describer describer = *Describer::of(model_.folder());
  for (const auto& [width, height] : {std::pair(128, 128), std::pair(1, 1), std::pair(700, 1)})
    EXPECT_EQ(describer.describe(describer.look(vision::Image(width, height)), "").text.substr(0, 5), "a key") << width;
}

TEST_F(DescriberTest, CaptionsDescribeUnlessOwnWordsAreAskedFor) {
  const std::vector<vision::Image> pictures = {two_squares(), two_squares()};
  const std::span<const vision::Image> one(pictures.data(), 1);
  const CaptionOptions own = {.own_words = true, .num_beams = 1, .max_new_tokens = 5};
  const std::string before = Captioner(*model_).caption(one, "", own).text;
  EXPECT_FALSE(Describer::of(model_.folder()));
  write_names();
  const Captioner captioner(*model_);
  EXPECT_EQ(captioner.caption(one, "", own).text, before) << "the joint model's words are what they were";
  const Said said = captioner.caption(one, "where is the dog?");
  EXPECT_NE(said.text.find("dog"), said.text.npos) << said.text;
  EXPECT_GT(said.tokens, 5);
  EXPECT_NE(captioner.caption(pictures, "").text.find(". picture 2: a"), std::string::npos);
  EXPECT_THROW(captioner.caption({}, ""), base::InvalidArgument);
  EXPECT_THROW(captioner.caption(one, std::string(9000, 'a')), base::InvalidArgument);
}

TEST_F(DescriberTest, BrokenNamesAreRefusedByTheirFile) {
  const auto expect_refused = [&](const char* says) {
    try {
      Describer::of(model_.folder())->look(two_squares());
      ADD_FAILURE() << says;
    } catch (const base::InvalidFile& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
  };
  write_names({"key"});
  expect_refused("not for 1 names and 1 styles");
  write_names({"key", "cup", "owl", "dog"}, 7);
  expect_refused("for 7 features, but 4 patches have 72");
  write_names({"key", "cup", "owl", "dog"}, kFeatures, 5, 12);
  expect_refused("of patches with 108 values");
  write_names({"key", "cup", "owl", "dog", "fox"});
  base::write_json(model_.folder() / "names" / "config.json", {{"names", {"key", "cup", "owl", "dog", "fox"}}, {"styles", base::json::array()}});
  expect_refused("not for 5 names and 0 styles");
  base::write_json(model_.folder() / "names" / "config.json", {{"names", "key"}});
  expect_refused("names");
}

}  // namespace
}  // namespace atelier::promptcap
