/// Pictures described in full, and the palette that they are described with.
#include "corpus/description.h"
#include "corpus/palette.h"
#include "corpus/scene_draft.h"
#include "corpus/text_corpus.h"

#include "tests/corpus/synthetic.h"
#include "tests/support.h"

namespace atelier::corpus {
namespace {

DescribedThing thing(const char* noun, double left, double top, double side, const char* colour = "") { return {noun, colour, left, top, side, side}; }

TEST(Description, SaysWhatIsWhereAndBesideWhat) {
  EXPECT_EQ(describe({{thing("key", 0.05, 0.4, 0.2, "red"), thing("ox", 0.6, 0.35, 0.35)}, "white", "noto style"}),
            "a red key on the left and an ox on the right on a white background, noto style. the red key is left of the ox. the red key is smaller than the ox");
  EXPECT_EQ(describe({{thing("dog", 0, 0, 1)}, "", ""}), "a dog in the middle");
  EXPECT_EQ(describe({{}, "light blue fading to white", ""}), "nothing on a background of light blue fading to white");
}

TEST(Description, AboutSomeOfItsThings) {
  const Description three = {{thing("key", 0.05, 0.4, 0.2), thing("ox", 0.4, 0.4, 0.2), thing("owl", 0.75, 0.4, 0.2)}, "", ""};
  EXPECT_EQ(caption_of(three), "a key on the left, an ox in the middle and an owl on the right");
  EXPECT_EQ(describe(three, {"ox"}), caption_of(three) + ". the key is left of the ox. the owl is right of the ox. the ox is right of the key. the ox is left of the owl");
  EXPECT_EQ(describe({{thing("key", 0.05, 0.4, 0.2, "red"), thing("ox", 0.4, 0.4, 0.2, "blue"), thing("ox", 0.75, 0.4, 0.2, "blue")}, "", ""}, {"ox", "key"}),
            "a red key on the left and two blue oxen. the oxen are blue. the key is red");
  EXPECT_EQ(describe({{thing("key", 0.05, 0.7, 0.2, "red"), thing("key", 0.75, 0.1, 0.2, "blue")}, "", ""}, {"key"}).find("the key is"), std::string::npos);
  // "is the owl right of the ox?"
  EXPECT_TRUE(describe(three, {"owl", "ox"}).ends_with(". the ox is right of the key. the ox is left of the owl. the owl is right of the key. the owl is right of the ox"));
  EXPECT_EQ(describe(three, {"cup"}), caption_of(three));
  EXPECT_EQ(describe(three), caption_of(three) + ". the key is left of the ox. the key is left of the owl. the ox is left of the owl");
}

TEST(Description, ACaptionLeavesOutWhatGoesWithoutSaying) {
  EXPECT_EQ(caption_of({{thing("ox", 0.1, 0.1, 0.8)}, "white", "noto style"}), "an ox, noto style");
  EXPECT_EQ(caption_of({{thing("ox", 0.1, 0.1, 0.3)}, "pink", ""}), "an ox in the top left corner on a pink background");
  EXPECT_EQ(describe({{thing("ox", 0.1, 0.1, 0.8)}, "white", ""}), "an ox in the middle on a white background");
}

TEST(Description, CountsWhatIsThereMoreThanOnce) {
  EXPECT_EQ(describe({{thing("cherry", 0, 0, 0.2), thing("key", 0.4, 0.4, 0.2), thing("cherry", 0.7, 0.7, 0.2), thing("key", 0.1, 0.7, 0.2, "red")}, "white", ""}),
            "two cherries, a key in the middle and a red key in the bottom left corner on a white background");
}

TEST(Description, FourInQuartersAreToldByThem) {
  const std::string said = describe({{thing("cup", 0.1, 0.1, 0.3), thing("dog", 0.6, 0.1, 0.3), thing("key", 0.1, 0.6, 0.3), thing("owl", 0.6, 0.6, 0.3)}, "", ""});
  EXPECT_TRUE(said.starts_with("a cup in the top left, a dog in the top right, a key in the bottom left and an owl in the bottom right. ")) << said;
  EXPECT_NE(said.find("the cup is left of the dog. the cup is above the key"), said.npos) << said;
  EXPECT_EQ(said.find("the cup is left of the owl"), said.npos) << "a diagonal is neither";
}

TEST(Description, OverlappingThingsStandNeitherBesideNorAbove) {
  EXPECT_EQ(describe({{thing("cup", 0.25, 0.3, 0.4), thing("dog", 0.5, 0.3, 0.4)}, "", ""}), "a cup in the middle and a dog on the right");
}

TEST(Palette, EveryColourIsNearestToItself) {
  for (const Colour& colour : kColours) EXPECT_EQ(colour_name(colour.value), colour.name);
  for (const Colour& colour : kPale) EXPECT_EQ(ground_name(colour.value, colour.value), colour.name);
  for (const Colour& colour : kStrong) EXPECT_EQ(ground_name(colour.value, colour.value), colour.name);
  EXPECT_EQ(ground_name(kPale[1].value, kPale[7].value), "light blue fading to white");
}

// Whatever is asked about a described scene, its answer follows from the description.
TEST(DescribedScenes, TellWhatTheirQuestionsAsk) {
  const SyntheticCorpus synthetic;
  const Documents documents = described_scenes(synthetic.open(), 300, 5);
  EXPECT_EQ(documents.size(), 300);
  int asked = 0;
  for (int64_t i = 0; i < documents.size(); ++i) {
    const std::string document(documents[i]);
    const size_t end = document.find("<question>");
    ASSERT_TRUE(document.starts_with("<caption>") && end != document.npos) << document;
    const std::string said = document.substr(9, end - 9);
    for (size_t at = end; at != document.npos;) {
      const size_t middle = document.find("<answer>", at), next = document.find("<question>", at + 1);
      const std::string question = document.substr(at + 10, middle - at - 10);
      std::string answer = document.substr(middle + 8, next == document.npos ? next : next - middle - 8);
      at = next;
      const bool where = question.starts_with("where is the "), beside = question.starts_with("what is left of ") || question.starts_with("what is above ");
      const bool ground = question.find("background") != question.npos;
      if (answer == "cannot tell" || answer == "nothing" || !(where || beside || ground)) continue;
      ++asked;
      if (ground) {
        EXPECT_TRUE(answer == "white" || said.find(answer) != said.npos) << document;  // white goes without saying for no question
        continue;
      }
      // "a red key" left of "the dog": told with "the", from either side.
      const std::string other = question.substr(question.find("the ") + 4, question.size() - question.find("the ") - 5);
      if (beside) answer = answer.substr(answer.find(' ') + 1);
      EXPECT_NE(said.find(where ? other : answer), said.npos) << document;
      if (beside && said.find(". the ") != said.npos) {
        EXPECT_NE(said.find("the " + answer), said.npos) << document;
      }
    }
  }
  EXPECT_GT(asked, 100);
}

}  // namespace
}  // namespace atelier::corpus
