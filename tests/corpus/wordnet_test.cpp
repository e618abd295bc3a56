#include "corpus/wordnet.h"
#include "base/error.h"
#include "tiny_sources.h"

#include <gtest/gtest.h>

namespace atelier::corpus {
namespace {

TEST(WordNet, ChoosesTheSenseThatSuitsTheSubgroup) {
  const TinySources sources;
  const WordNet wordnet(sources.place("wordnet-base") / "usr/share/wordnet");
  const std::optional<Sense> horse = wordnet.sense("rocking horses with red eyes", "animal-mammal");
  ASSERT_TRUE(horse);
  EXPECT_EQ(horse->lemma, "horse");
  EXPECT_EQ(horse->gloss, "a solid-hoofed animal");  // without its example
  EXPECT_EQ(horse->hypernyms, (std::vector<std::string>{"goat", "animal", "entity"}));
  EXPECT_EQ(wordnet.sense("horse", "")->gloss, "a padded apparatus for gymnastics");  // the commonest
  EXPECT_FALSE(wordnet.sense("apple", "animal-mammal"));
  EXPECT_FALSE(wordnet.sense("zzz", ""));
}

TEST(WordNet, KnowsWordsOfEveryKindAndTheirPlurals) {
  const TinySources sources;
  const WordNet wordnet(sources.place("wordnet-base") / "usr/share/wordnet");
  for (const char* word : {"horse", "horses", "red", "ride", "of"}) EXPECT_TRUE(wordnet.knows(word)) << word;
  EXPECT_FALSE(wordnet.knows("cavallo"));
}

TEST(WordNet, RefusesABrokenIndex) {
  const TinySources sources;
  sources.put("wordnet-base", "usr/share/wordnet/index.noun", "horse n 3\n");
  EXPECT_THROW(WordNet(sources.place("wordnet-base") / "usr/share/wordnet"), base::InvalidFile);
  sources.put("wordnet-base", "usr/share/wordnet/index.noun", "horse n 1 0 1 0 00000003\n");
  const WordNet wordnet(sources.place("wordnet-base") / "usr/share/wordnet");
  EXPECT_THROW(wordnet.sense("horse", ""), base::InvalidFile);
}

}  // namespace
}  // namespace atelier::corpus
