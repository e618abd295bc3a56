#include "corpus/scene_draft.h"
#include "synthetic.h"
#include "base/error.h"
#include "base/progress.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace atelier::corpus {
namespace {

class Scenes : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    synthetic_ = new SyntheticCorpus;
    corpus_ = new Corpus(synthetic_->open());
    composer_ = new SceneComposer(*corpus_);
  }
  static void TearDownTestSuite() {
    delete composer_;
    delete corpus_;
    delete synthetic_;
  }
  static Scene scene(uint64_t index, bool combinations_held_out = false) { return composer_->compose(1, index, combinations_held_out); }

  static inline SyntheticCorpus* synthetic_ = nullptr;
  static inline Corpus* corpus_ = nullptr;
  static inline SceneComposer* composer_ = nullptr;
};

Rgb value_of(const std::string& name) {
  for (const Colour& colour : kColours)
    if (name == colour.name) return colour.value;
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An object by the words that a question or an answer uses for it; nullptr if there is none or more than one.
const SceneObject* named(const Scene& scene, std::string words) {
  if (words.starts_with("the ")) words = words.substr(4);
  else if (words.starts_with("a ")) words = words.substr(2);
  else if (words.starts_with("an ")) words = words.substr(3);
  const SceneObject* found = nullptr;
  for (const SceneObject& object : scene.objects) {
    if (words != object.noun && (object.colour.empty() || words != object.colour + " " + object.noun)) continue;
    if (found) return nullptr;
    found = &object;
  }
  return found;
}

// Packs take the same scenes that compose() makes, in order, at a weight that gives them their share of the draws.
TEST_F(Scenes, ComeOneAfterTheOtherAtTheirShare) {
  base::Progress progress("scenes", 5, "scenes");
  std::vector<std::string> captions;
  for_each_scene(*corpus_, 7, 5, progress, [&](const Scene& scene) { captions.push_back(scene.caption); });
  ASSERT_EQ(captions.size(), 5u);
  for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(captions[i], composer_->compose(7, i).caption);
  const double weight = scene_weight(300, 0.25, 50);
  EXPECT_DOUBLE_EQ(50 * weight / (300 + 50 * weight), 0.25);
}

TEST_F(Scenes, AreTheSameForTheSameSeedAndIndexInAnyOrder) {
  const SceneComposer other(*corpus_);
  for (const uint64_t index : {7u, 3u, 200u, 3u}) {
    const Scene a = other.compose(1, index), b = scene(index);
    EXPECT_EQ(a.image.pixels, b.image.pixels);
    EXPECT_EQ(a.caption, b.caption);
    ASSERT_EQ(a.questions.size(), b.questions.size());
    for (size_t i = 0; i < a.questions.size(); ++i) EXPECT_EQ(a.questions[i].question + a.questions[i].answer, b.questions[i].question + b.questions[i].answer);
  }
  EXPECT_NE(composer_->compose(2, 3).image.pixels, scene(3).image.pixels);
}

TEST_F(Scenes, ObjectsStayInsideKeepApartAndAreLargeEnough) {
  for (uint64_t index = 0; index < 600; ++index) {
    const Scene s = scene(index);
    ASSERT_EQ(s.image.width, 128);
    ASSERT_EQ(s.image.height, 128);
    ASSERT_EQ(s.image.channels, 3);
    for (size_t i = 0; i < s.objects.size(); ++i) {
      const SceneObject& a = s.objects[i];
      EXPECT_GE(a.size * 128, 24 - 1e-9);
      EXPECT_GE(std::min(a.x, a.y) - a.size / 2, 0);
      EXPECT_LE(std::max(a.x, a.y) + a.size / 2, 1);
      for (size_t j = 0; j < i; ++j) {
        const SceneObject& b = s.objects[j];
        EXPECT_GE(std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)), (a.size + b.size) / 2) << s.caption;
      }
    }
  }
}

// The colour that the caption names is what the pixels show, and where the objects say.
TEST_F(Scenes, TintedIconsHaveTheirColourAtTheirPlaceAndNowhereElse) {
  int64_t checked = 0;
  for (uint64_t index = 0; index < 800; ++index) {
    const Scene s = scene(index);
    if (s.kind != "colours") continue;
    ++checked;
    for (const SceneObject& object : s.objects) {
      ASSERT_FALSE(object.colour.empty());
      EXPECT_TRUE(contains(s.caption, object.colour + " " + object.noun)) << s.caption;
      double sum_x = 0, sum_y = 0, n = 0;
      for (int64_t y = 0; y < 128; ++y)
        for (int64_t x = 0; x < 128; ++x) {
          const uint8_t* p = s.image.at(x, y);
          if (distance({p[0], p[1], p[2]}, value_of(object.colour)) > 4) continue;
          const bool mine = std::abs((x + 0.5) / 128 - object.x) <= object.size / 2 && std::abs((y + 0.5) / 128 - object.y) <= object.size / 2;
          const bool anothers = std::any_of(s.objects.begin(), s.objects.end(), [&](const SceneObject& other) {
            return &other != &object && other.colour == object.colour;
          });
          if (!anothers) {
            EXPECT_TRUE(mine) << s.caption << " at " << x << " " << y;
          }
          if (mine) sum_x += x + 0.5, sum_y += y + 0.5, ++n;
        }
      ASSERT_GT(n, 200) << s.caption;
      EXPECT_NEAR(sum_x / n / 128, object.x, 0.01);
      EXPECT_NEAR(sum_y / n / 128, object.y, 0.01);
    }
  }
  EXPECT_GT(checked, 60);
}

TEST_F(Scenes, RelationsInCaptionsAreWhereThingsStand) {
  std::map<std::string, int64_t> seen;
  for (uint64_t index = 0; index < 1500; ++index) {
    const Scene s = scene(index);
    if ((s.kind != "relation" && s.kind != "colours") || s.objects.size() != 2) continue;
    for (const char* words : {" left of ", " right of ", " above ", " below "}) {
      const size_t at = s.caption.find(words);
      if (at == std::string::npos) continue;
      const auto words_for = [](const SceneObject& object) { return object.colour.empty() ? object.noun : object.colour + " " + object.noun; };
      const std::string first = words_for(s.objects[0]), second = words_for(s.objects[1]);
      if (contains(first, second) || contains(second, first)) continue;  // which of them a caption names first cannot be told
      // "a with b below it": b stands below.
      const bool of_it = s.caption.compare(at + std::string(words).size(), 2, "it") == 0;
      const bool first_is_first = (s.caption.find(first) < s.caption.find(second)) != of_it;
      const SceneObject& a = s.objects[first_is_first ? 0 : 1];
      const SceneObject& b = s.objects[first_is_first ? 1 : 0];
      const std::string relation = words;
      ++seen[relation];
      if (relation == " left of ") {
        EXPECT_LT(a.x + a.size / 2, b.x - b.size / 2) << s.caption;
      }
      if (relation == " right of ") {
        EXPECT_GT(a.x - a.size / 2, b.x + b.size / 2) << s.caption;
      }
      if (relation == " above ") {
        EXPECT_LT(a.y + a.size / 2, b.y - b.size / 2) << s.caption;
      }
      if (relation == " below ") {
        EXPECT_GT(a.y - a.size / 2, b.y + b.size / 2) << s.caption;
      }
    }
  }
  ASSERT_EQ(seen.size(), 4u);
  for (const auto& [relation, count] : seen) EXPECT_GT(count, 15) << relation;
}

TEST_F(Scenes, PositionsAndCountsInCaptionsAreTrue) {
  std::set<std::string> positions;
  for (uint64_t index = 0; index < 1200; ++index) {
    const Scene s = scene(index);
    if (s.kind == "single")
      for (size_t i = 0; i < kPositions.size(); ++i)
        if (contains(s.caption, kPositions[i])) {
          positions.insert(kPositions[i]);
          EXPECT_EQ(static_cast<int>(s.objects[0].x * 3), static_cast<int>(i % 3)) << s.caption;
          EXPECT_EQ(static_cast<int>(s.objects[0].y * 3), static_cast<int>(i / 3)) << s.caption;
        }
    if (s.kind == "count") {
      static const std::map<size_t, std::string> kWords = {{2, "two"}, {3, "three"}, {4, "four"}, {5, "five"}, {6, "six"}};
      EXPECT_TRUE(contains(s.caption, kWords.at(s.objects.size()) + " ")) << s.caption;
    }
  }
  EXPECT_EQ(positions.size(), 9u);
}

// Every answer is worked out again from the objects alone.
TEST_F(Scenes, AnswersFollowFromTheObjects) {
  std::map<std::string, int64_t> checked;
  for (uint64_t index = 0; index < 2000; ++index) {
    const Scene s = scene(index, index % 4 == 0);
    std::map<std::string, int64_t> number;
    for (const SceneObject& object : s.objects) ++number[object.noun];
    for (const Question& q : s.questions) {
      ASSERT_FALSE(q.question.empty());
      ASSERT_FALSE(q.answer.empty());
      EXPECT_EQ(q.question.back(), '?');
      const std::string context = s.caption + " | " + q.question + " | " + q.answer;
      if (q.kind == "colour" && !contains(q.question, "background")) {
        for (const SceneObject& object : s.objects)
          if (contains(q.question, object.noun)) {
            EXPECT_EQ(q.answer, object.colour) << context;
          }
        ++checked["colour"];
      } else if (q.kind == "colour") {
        EXPECT_EQ(q.answer, s.background);
      } else if (q.kind == "unanswerable") {
        EXPECT_EQ(q.answer, "cannot tell");
      } else if (q.kind == "relation" && q.answer != "nothing") {
        const SceneObject* a = named(s, q.answer);
        for (const char* words : {"left of ", "right of ", "above ", "below "}) {
          const size_t at = q.question.find(words);
          if (at == std::string::npos) continue;
          const SceneObject* b = named(s, q.question.substr(at + std::string(words).size(), q.question.size() - at - std::string(words).size() - 1));
          ASSERT_TRUE(a && b) << context;
          const double dx = a->x - b->x, dy = a->y - b->y;
          const std::string relation = words;
          EXPECT_TRUE(relation == "left of " ? dx < 0 : relation == "right of " ? dx > 0 : relation == "above " ? dy < 0 : dy > 0) << context;
          ++checked["relation"];
        }
      } else if (q.kind == "where") {
        for (const char* words : {"left of the ", "right of the ", "above the ", "below the "}) {
          if (!q.answer.starts_with(words)) continue;
          // The bare noun, whatever its colour: a question has one right answer.
          const std::string relation = words, noun = q.answer.substr(relation.size());
          const auto b = std::find_if(s.objects.begin(), s.objects.end(), [&](const SceneObject& object) { return object.noun == noun; });
          ASSERT_NE(b, s.objects.end()) << context;
          ASSERT_EQ(s.objects.size(), 2u) << context;
          const SceneObject& a = s.objects[b == s.objects.begin() ? 1 : 0];
          EXPECT_TRUE(contains(q.question, a.noun)) << context;
          const double dx = a.x - b->x, dy = a.y - b->y;
          EXPECT_TRUE(relation.starts_with("left") ? dx < 0 : relation.starts_with("right") ? dx > 0 : relation.starts_with("above") ? dy < 0 : dy > 0) << context;
          ++checked["where"];
        }
      } else if (q.kind == "count" && q.question.starts_with("how many things")) {
        EXPECT_EQ(q.answer, std::vector<std::string>({"zero", "one", "two", "three", "four", "five", "six", "seven", "eight"})[s.objects.size()]) << context;
        ++checked["count"];
      } else if (q.kind == "yesno" && q.question.starts_with("is there ")) {
        std::string words = q.question.substr(9, q.question.size() - 10);
        words = words.substr(words.find(' ') + 1);
        const bool there = std::any_of(s.objects.begin(), s.objects.end(), [&](const SceneObject& object) {
          return object.noun == words || object.colour + " " + object.noun == words;
        });
        EXPECT_EQ(q.answer, there ? "yes" : "no") << context;
        ++checked[there ? "yes" : "no"];
      } else if (q.kind == "comparison" && q.question.starts_with("are there more ")) {
        const size_t than = q.question.find(" than ");
        int64_t a = 0, b = 0;
        for (const Noun& noun : Nouns::instance().all()) {
          if (noun.plural == q.question.substr(15, than - 15)) a = number[noun.word];
          if (noun.plural == q.question.substr(than + 6, q.question.size() - than - 7)) b = number[noun.word];
        }
        EXPECT_EQ(q.answer, a > b ? "yes" : "no") << context;
        ++checked["comparison"];
      }
    }
  }
  for (const char* kind : {"colour", "relation", "where", "count", "yes", "no", "comparison"}) EXPECT_GT(checked[kind], 40) << kind;
}

TEST_F(Scenes, AskEveryKindOfQuestionAndShowEveryKindOfScene) {
  std::map<std::string, int64_t> questions, kinds, yes_no;
  for (uint64_t index = 0; index < 1000; ++index) {
    const Scene s = scene(index);
    ++kinds[s.kind];
    for (const Question& q : s.questions) {
      ++questions[q.kind];
      if (q.kind == "yesno") ++yes_no[q.answer];
    }
  }
  for (const char* kind : {"what", "where", "count", "colour", "relation", "comparison", "yesno", "unanswerable", "knowledge"}) EXPECT_GT(questions[kind], 150) << kind;
  EXPECT_EQ(questions.size(), 9u);
  for (const char* kind : {"single", "pair", "relation", "colours", "count", "two_counts", "grid"}) EXPECT_GT(kinds[kind], 60) << kind;
  EXPECT_NEAR(static_cast<double>(yes_no["yes"]) / static_cast<double>(yes_no["yes"] + yes_no["no"]), 0.5, 0.05);
}

TEST_F(Scenes, HeldOutCombinationsAreNeverInTrainingScenesAndAlwaysInTheOthers) {
  const auto has_one = [](const Scene& s) {
    bool any = false;
    std::vector<Placed> placed;
    for (const SceneObject& a : s.objects) {
      any |= !a.colour.empty() && held_out(a.colour, a.noun);
      placed.push_back({0, a.picture, -1, std::llround((a.x - a.size / 2) * 128), std::llround((a.y - a.size / 2) * 128), std::llround(a.size * 128)});
    }
    for (size_t i = 0; i < placed.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (const auto relation = clear_relation(placed[i], placed[j]); relation && s.objects[i].noun != s.objects[j].noun)
          any |= held_out(s.objects[i].noun, *relation, s.objects[j].noun);
    return any;
  };
  for (uint64_t index = 0; index < 400; ++index) {
    EXPECT_FALSE(has_one(scene(index))) << scene(index).caption;
    EXPECT_TRUE(has_one(scene(index, true))) << scene(index, true).caption;
  }
}

TEST_F(Scenes, QuestionsOfTrainingScenesNameNoHeldOutColourEither) {
  for (uint64_t index = 0; index < 1500; ++index)
    for (const Question& q : scene(index).questions)
      for (const Colour& colour : kColours) {
        const size_t at = q.question.find(fmt::format(" {} ", colour.name));
        if (at == std::string::npos || !q.question.starts_with("is there ")) continue;
        const std::string noun = q.question.substr(at + 2 + std::string(colour.name).size());
        EXPECT_FALSE(held_out(colour.name, std::string_view(noun).substr(0, noun.size() - 1))) << q.question;
      }
}

// What a text tower that sees the caption alone is taught to answer.
TEST_F(Scenes, AnswersFromTheCaptionAreOnlyWhatItSays) {
  const Stock stock(*corpus_);
  int64_t told = 0, untold = 0;
  for (uint64_t index = 0; index < 1500; ++index) {
    base::Random random(9, index);
    const Draft draft = draft_scene(stock, random, false);
    const Background background = choose_background(random);
    const SaidScene said = say_scene(stock, draft, background.name, random);
    EXPECT_EQ(said.background, contains(said.caption, " background")) << said.caption;
    for (const Asked& asked : scene_questions(stock, draft, background.name, false, random)) {
      const std::string answer = answer_from_caption(asked, said);
      if (answer != asked.answer) {
        EXPECT_EQ(answer, "cannot tell");
      }
      if (asked.kind == "colour" && contains(asked.question, "background")) {
        ++(said.background ? told : untold);
        EXPECT_EQ(answer, said.background ? background.name : "cannot tell") << said.caption;
        if (said.background) {
          EXPECT_TRUE(contains(said.caption, answer)) << said.caption;
        }
      }
      if (asked.kind == "comparison" && contains(asked.question, "bigger")) {
        EXPECT_EQ(answer, "cannot tell");
      }
    }
  }
  EXPECT_GT(told, 50);
  EXPECT_GT(untold, 50);
}

TEST(HeldOutCombinations, AreFivePercentAndDoNotDependOnWhoIsNamedFirst) {
  int64_t colours = 0, relations = 0, total = 0;
  for (const Noun& noun : Nouns::instance().all()) {
    for (const Colour& colour : kColours) colours += held_out(colour.name, noun.word);
    for (const Noun& other : Nouns::instance().all()) {
      if (++total % 7) continue;
      EXPECT_EQ(held_out(noun.word, Relation::left, other.word), held_out(other.word, Relation::right, noun.word));
      EXPECT_EQ(held_out(noun.word, Relation::above, other.word), held_out(other.word, Relation::below, noun.word));
      relations += held_out(noun.word, Relation::left, other.word);
    }
  }
  EXPECT_NEAR(static_cast<double>(colours) / (10.0 * Nouns::instance().all().size()), 0.05, 0.01);
  EXPECT_NEAR(relations * 7.0 / total, 0.05, 0.005);
}

TEST_F(Scenes, ShowOnlyTrainingPicturesAndNameNothingHeldOut) {
  const HeldOut& held_out_names = HeldOut::instance();
  for (uint64_t index = 0; index < 800; ++index) {
    const Scene s = scene(index, index % 3 == 0);
    EXPECT_FALSE(held_out_names.names_one(s.caption)) << s.caption;
    for (const SceneObject& object : s.objects) {
      const Picture& picture = corpus_->picture(object.picture);
      EXPECT_EQ(picture.split, Split::train);
      EXPECT_FALSE(picture.skin_tone);
      EXPECT_FALSE(held_out_names.is_concept(picture.concept_id)) << picture.id;
    }
    for (const Question& q : s.questions) {
      EXPECT_FALSE(held_out_names.names_one(q.question)) << q.question;
      EXPECT_FALSE(held_out_names.names_one(q.answer)) << q.answer;
    }
  }
}

TEST(NounList, HasPluralsKindsAndNoHeldOutName) {
  const std::vector<Noun>& nouns = Nouns::instance().all();
  EXPECT_GT(nouns.size(), 500u);
  std::set<std::string> plurals;
  for (const Noun& noun : nouns) {
    EXPECT_FALSE(HeldOut::instance().names_one(noun.word)) << noun.word;
    EXPECT_FALSE(noun.kinds.empty()) << noun.word;
    EXPECT_TRUE(plurals.insert(noun.plural).second) << noun.plural;
  }
  Picture picture;
  picture.kind = "emoji";
  picture.concept_id = "emoji:1F401";
  EXPECT_EQ(nouns.at(Nouns::instance().of(picture)).plural, "mice");
  picture.concept_id = "emoji:1F600";  // a grinning face
  EXPECT_EQ(Nouns::instance().of(picture), -1);
}

TEST(NounList, TellsWhatMightBeTakenForAnother) {
  const auto noun = [](const std::string& word) -> const Noun& {
    for (const Noun& candidate : Nouns::instance().all())
      if (candidate.word == word) return candidate;
    throw std::out_of_range(word);
  };
  EXPECT_TRUE(Nouns::confusable(noun("guide dog"), noun("dog")));
  EXPECT_TRUE(Nouns::confusable(noun("taxi"), noun("car")));
  EXPECT_TRUE(Nouns::confusable(noun("purse"), noun("handbag")));
  EXPECT_TRUE(Nouns::confusable(noun("penguin"), noun("bird")));
  EXPECT_FALSE(Nouns::confusable(noun("cat"), noun("dog")));
  EXPECT_TRUE(is_a(noun("penguin"), "bird"));
  EXPECT_TRUE(surely_not(noun("cat"), "bird"));
  EXPECT_FALSE(surely_not(noun("chicken"), "food")) << "a chicken may be food";
  EXPECT_FALSE(surely_not(noun("tomato"), "fruit"));
  EXPECT_TRUE(surely_not(noun("car"), "animal"));
}

TEST(Sprite, ShrinkingKeepsColourUnderTransparentEdges) {
  // A red square on transparent green: the green must not bleed into the edge.
  std::vector<uint8_t> rgba(128 * 128 * 4);
  for (int64_t y = 0; y < 128; ++y)
    for (int64_t x = 0; x < 128; ++x) {
      const bool inside = x >= 30 && x < 97 && y >= 30 && y < 97;
      uint8_t* p = rgba.data() + (y * 128 + x) * 4;
      p[0] = inside ? 255 : 0;
      p[1] = inside ? 0 : 255;
      p[3] = inside ? 255 : 0;
    }
  for (const int64_t side : {24, 47, 90, 128}) {
    const Sprite sprite = shrink(rgba.data(), side, std::nullopt);
    vision::Image canvas(side, side, 3, 0);
    paste(canvas, sprite, 0, 0);
    double red = 0;
    for (int64_t i = 0; i < side * side; ++i) {
      EXPECT_EQ(canvas.pixels[i * 3 + 1], 0);
      red += canvas.pixels[i * 3];
    }
    EXPECT_NEAR(red / 255 / (side * side), 67.0 * 67.0 / (128 * 128), 0.01) << side;
  }
}

TEST(SceneComposer, NeedsACorpusWithEnoughNouns) {
  const SyntheticCorpus few(6);
  EXPECT_THROW(SceneComposer(few.open()), base::InvalidArgument);
}

}  // namespace
}  // namespace atelier::corpus
