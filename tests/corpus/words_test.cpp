#include "corpus/words.h"
#include "corpus/drawings.h"
#include "corpus/emoji.h"

#include <gtest/gtest.h>

namespace atelier::corpus {
namespace {

TEST(Words, FoldsToPlainLowerCase) {
  EXPECT_EQ(fold("Côte d’Ivoire"), "cote d'ivoire");
  EXPECT_EQ(fold("Piñata — “Fête”"), "pinata - \"fete\"");
  EXPECT_EQ(fold("  a \t b😀c "), "a b c");
  EXPECT_EQ(fold("cut \xC3"), "cut");
}

TEST(Words, SplitAtWhatIsNoLetterOrDigit) {
  EXPECT_EQ(words("Yo-yo's  3D"), (std::vector<std::string>{"yo", "yo", "s", "3d"}));
  EXPECT_EQ(squash("Woman’s Hat"), squash("womans-hat"));
}

TEST(Words, ArticlesFollowTheSound) {
  for (const char* an : {"apple", "hour", "x-ray", "8 ball", "11 sign", "sos button", "umbrella", "e-mail", "rss feed", "unimpressed face"}) EXPECT_EQ(article(an), "an") << an;
  for (const char* a : {"pear", "unicorn", "ufo", "one piece swimsuit", "u-turn", "ewe", "euro banknote", "house", "2 dice", "usb stick", "dvd"}) EXPECT_EQ(article(a), "a") << a;
}

TEST(Words, ArticlesStandBeforeCountedThingsOnly) {
  for (const char* yes : {"red apple", "slice of bread", "bus", "pair of socks", "grinning face with big eyes", "glass of milk"}) EXPECT_TRUE(takes_article(yes)) << yes;
  for (const char* no : {"grapes", "two hearts", "cooked rice", "hot peppers with salt", "keycap 3", "no entry", "the moon", ""}) EXPECT_FALSE(takes_article(no)) << no;
}

TEST(Words, PluralsAndBack) {
  for (auto [one, many] : {std::pair{"apple", "apples"}, {"cherry", "cherries"}, {"ox", "oxen"}, {"box", "boxes"}, {"fire engine", "fire engines"},
                           {"scarf", "scarves"}, {"toy", "toys"}, {"leaf", "leaves"}, {"mango", "mangoes"}}) {
    EXPECT_EQ(plural(one), many);
    EXPECT_EQ(singular(many), one);
  }
  EXPECT_EQ(plural("ear of corn"), "ears of corn");
  EXPECT_EQ(plural("cloud with rain"), "clouds with rain");
  for (const char* same : {"bus", "glass", "tennis", "lens", "gas", "ski", "moose"}) EXPECT_EQ(singular(same), same);
}

TEST(Words, IconNamesLoseTheirVariantNumbers) {
  EXPECT_EQ(icon_title("movie-file-3-duo"), "movie file");
  EXPECT_EQ(icon_title("phone-two"), "phone");
  EXPECT_EQ(icon_title("2"), "2");
}

TEST(Emoji, LabelsAreSpokenNotCoded) {
  EXPECT_EQ(spoken_label("flag: Côte d’Ivoire"), "flag of cote d'ivoire");
  EXPECT_EQ(spoken_label("man: red hair"), "man with red hair");
  EXPECT_EQ(spoken_label("woman: bald"), "bald woman");
  EXPECT_EQ(spoken_label("keycap: 3"), "keycap 3");
}

TEST(Emoji, TagsAreWords) {
  EXPECT_EQ(clean_tags({"Apple", "apple", "red_fruit", "1", "lol", ":D", "go", "red apple", "côte"}, "red apple"),
            (std::vector<std::string>{"apple", "red fruit", "cote"}));
}

TEST(Emoji, CodePointsAreComparedWithoutVariationSelectors) {
  EXPECT_EQ(normal_hex("0023-fe0f-20e3"), "0023-20E3");
  EXPECT_EQ(normal_hex("23-20e3"), "0023-20E3");
  EXPECT_TRUE(has_tone("1f44b-1f3fd"));
  EXPECT_FALSE(has_tone("1f44b"));
}

}  // namespace
}  // namespace atelier::corpus
