#include "corpus/corpus.h"
#include "base/error.h"
#include "base/progress.h"
#include "tiny_sources.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;

class Build : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::set_quiet(true);
    sources_ = new TinySources;
    build(sources_->folder());
    corpus_ = new Corpus(Corpus::open(sources_->folder()));
  }
  static void TearDownTestSuite() {
    delete corpus_;
    delete sources_;
  }
  static const Picture* find(const std::string& id) {
    for (int64_t i = 0; i < corpus_->size(); ++i)
      if (corpus_->picture(i).id == id) return &corpus_->picture(i);
    return nullptr;
  }
  static inline TinySources* sources_ = nullptr;
  static inline Corpus* corpus_ = nullptr;
};

TEST_F(Build, JoinsEverySpellingToOneConcept) {
  for (const char* id : {"noto:red-apple", "twemoji:red-apple", "fxemoji:redapple", "fluent-3d:1f34e", "openmoji:red-apple"}) {
    const Picture* picture = find(id);
    ASSERT_TRUE(picture) << id;
    EXPECT_EQ(picture->concept_id, "emoji:1F34E") << id;
    EXPECT_EQ(picture->title, "red apple") << id;
    EXPECT_EQ(picture->group, "Food & Drink") << id;
    EXPECT_EQ(picture->tags, (std::vector<std::string>{"apple", "red", "fruit", "healthy", "school"})) << id;
  }
  EXPECT_EQ(find("game-icons:pirate-skull")->concept_id, "word:pirate skull");
  EXPECT_EQ(find("icon-park:phone-two")->title, "phone");
  EXPECT_EQ(find("icon-park:phone-two")->group, "artificial light");
}

TEST_F(Build, FlagsAreNoBirds) {
  EXPECT_EQ(find("streamline-emojis:turkey")->concept_id, "emoji:1F1F9-1F1F7");
  EXPECT_EQ(find("streamline-emojis:turkey")->title, "flag of turkey");
  EXPECT_EQ(find("streamline-emojis:turkey")->kind, "flag");
  EXPECT_EQ(find("circle-flags:fr")->title, "flag of france");
  EXPECT_EQ(find("game-icons:wave")->concept_id, "word:wave");  // no greeting, in spite of the shortcode
}

TEST_F(Build, LeavesOutTonesBlanksBrandsAndWhatHasNoName) {
  for (const char* id : {"noto:waving-hand-dark-skin-tone", "fluent-emoji:waving-hand-medium", "fluent-3d:1f44b-1f3fb", "noto:empty", "icon-park:firefox",
                         "fxemoji:blackhardshellfloppy", "circle-flags:us-ca"})
    EXPECT_FALSE(find(id)) << id;
}

TEST_F(Build, KeepsOneOfTwoDrawingsThatLookAlike) {
  // The horse of both sets is the same cross.
  EXPECT_TRUE(find("noto:horse"));
  EXPECT_FALSE(find("twemoji:horse"));
  EXPECT_TRUE(find("twemoji:goat"));
}

TEST_F(Build, HeldOutNamesAreInNoTrainingText) {
  const HeldOut& held_out = HeldOut::instance();
  for (const char* id : {"noto:goat", "twemoji:goat", "game-icons:goat-skull", "game-icons:tv", "openmoji:goat", "openclipart:animals/chevre_bruno_01.svg"}) {
    ASSERT_TRUE(find(id)) << id;
    EXPECT_EQ(find(id)->split, Split::heldout_concept) << id;
  }
  EXPECT_EQ(find("noto:horse")->tags, (std::vector<std::string>{"animal"}));
  EXPECT_EQ(find("openmoji:red-apple")->split, Split::heldout_style);
  EXPECT_EQ(find("emojione-v1:red-apple")->split, Split::unclean);
  for (int64_t i = 0; i < corpus_->size(); ++i) {
    const Picture& picture = corpus_->picture(i);
    if (picture.split != Split::train) EXPECT_EQ(corpus_->weight(i), 0) << picture.id;
    else EXPECT_GT(corpus_->weight(i), 0) << picture.id;
    for (int k = 0; picture.split == Split::train && k < 50; ++k) {
      base::Random random(k);
      const std::string text = caption(picture, random);
      EXPECT_FALSE(held_out.names_one(text)) << text;
    }
  }
  EXPECT_FALSE(held_out.names_one(base::read_file(sources_->folder() / "knowledge.jsonl")));
}

TEST_F(Build, KnowledgeHasMeaningsWithoutTheHeldOut) {
  const std::string text = base::read_file(sources_->folder() / "knowledge.jsonl");
  bool horse = false, apple = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const base::json line = base::parse_json(text.substr(begin, end - begin), "knowledge.jsonl");
    begin = end + 1;
    if (line.at("concept") == "emoji:1F40E") {
      horse = true;
      EXPECT_EQ(line.at("noun"), "horse");
      EXPECT_EQ(line.at("gloss"), "a solid-hoofed animal");
      EXPECT_EQ(line.at("hypernyms"), (base::json{"animal", "entity"}));  // "goat" was between them
    }
    if (line.at("concept") == "emoji:1F34E") {
      apple = true;
      EXPECT_FALSE(line.contains("gloss"));  // it names a goat
    }
  }
  EXPECT_TRUE(horse && apple);
}

TEST_F(Build, ClipArtIsPublicDomainAndHasAnEnglishName) {
  EXPECT_EQ(find("openclipart:animals/cavallo_bruno_01.svg")->title, "horse");
  EXPECT_EQ(find("openclipart:animals/cavallo_bruno_01.svg")->author, "Bruno");
  EXPECT_EQ(find("openclipart:animals/bird_01.svg")->title, "red bird");
  EXPECT_EQ(find("openclipart:animals/bird_01.svg")->tags, (std::vector<std::string>{"animal", "animals"}));
  EXPECT_EQ(find("openclipart:food/0zzz_01.svg")->title, "animal");  // its keyword: the batch title says nothing
  for (const char* id : {"openclipart:animals/bird_02.svg", "openclipart:animals/bird_03.svg", "openclipart:computer/bird_04.svg"}) EXPECT_FALSE(find(id)) << id;
}

TEST_F(Build, GivesCredit) {
  const std::string text = base::read_file(sources_->folder() / "ATTRIBUTION.md");
  for (const char* part : {"Noto Emoji (c) Google", "creativecommons.org/licenses/by-sa/4.0", "Icons made by Lorc", "Bruno", "WordNet 3.0"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST_F(Build, IsTheSameEveryTime) {
  std::map<std::string, std::string> before;
  for (const char* name : {"pictures.safetensors", "corpus.jsonl", "knowledge.jsonl", "ATTRIBUTION.md"}) before[name] = base::read_file(sources_->folder() / name);
  build(sources_->folder());
  for (const auto& [name, bytes] : before) EXPECT_EQ(base::read_file(sources_->folder() / name), bytes) << name;
}

TEST_F(Build, PixelsBelongToTheirLines) {
  for (int64_t i = 0; i < corpus_->size(); ++i)
    if (corpus_->picture(i).id == "noto:red-apple") {
      const vision::Image image = corpus_->image(i);
      ASSERT_EQ(image.channels, 4);
      const uint8_t* centre = image.at(64, 64);
      EXPECT_EQ(std::vector<uint8_t>(centre, centre + 4), (std::vector<uint8_t>{255, 0, 0, 255}));
      EXPECT_EQ(image.at(0, 0)[3], 0);
    }
}

TEST_F(Build, StatsCountEverything) {
  const base::json found = stats(*corpus_);
  int64_t total = 0;
  for (const auto& [source, count] : found.at("source").items()) total += count.get<int64_t>();
  EXPECT_EQ(total, corpus_->size());
  EXPECT_EQ(found.at("pictures"), corpus_->size());
  EXPECT_GT(found.at("split").at("heldout_concept").get<int64_t>(), 0);
}

TEST(BuildErrors, AMissingPackageIsNamedWithTheCommandThatFetchesIt) {
  const TinySources sources;
  fs::remove_all(sources.place("emojilib"));
  try {
    build(sources.folder());
    FAIL();
  } catch (const base::InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("emojilib"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("atelier corpus fetch"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(sources.folder() / "pictures.safetensors"));
}

// What people train on, if they have built it: every title, tag and several captions of every training picture.
TEST(BuiltCorpus, HeldOutNamesAreInNoTrainingText) {
  if (!fs::exists(default_folder() / "corpus.jsonl")) GTEST_SKIP() << "no corpus in " << default_folder();
  const Corpus corpus = Corpus::open(default_folder());
  const HeldOut& held_out = HeldOut::instance();
  int64_t trained = 0;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const Picture& picture = corpus.picture(i);
    if (picture.split != Split::train && picture.split != Split::combination) {
      ASSERT_EQ(corpus.weight(i), 0) << picture.id;
      continue;
    }
    trained += picture.split == Split::train;
    ASSERT_FALSE(held_out.is_concept(picture.concept_id)) << picture.id;
    ASSERT_FALSE(held_out.names_one(picture.title)) << picture.title;
    for (const std::string& tag : picture.tags) ASSERT_FALSE(held_out.names_one(tag)) << picture.id << ": " << tag;
    base::Random random(7, i);
    const std::string text = caption(picture, random);
    ASSERT_FALSE(held_out.names_one(text)) << text;
    ASSERT_EQ(picture.licence.find("SA"), std::string::npos) << picture.id;
    ASSERT_FALSE(picture.skin_tone) << picture.id;
  }
  EXPECT_GT(trained, 20000);
  EXPECT_FALSE(held_out.names_one(base::read_file(default_folder() / "knowledge.jsonl")));
}

}  // namespace
}  // namespace atelier::corpus
