#include "tests/docs/parse.h"

#include <gtest/gtest.h>

namespace atelier::docs {
namespace {

TEST(DocsParse, TakesWhatTheProgramTakesWithoutDoingIt) {
  EXPECT_EQ(complaint({"train", "vae", "--pictures", "not_there.safetensors", "--steps", "3"}, Form::whole), "");
  EXPECT_EQ(complaint({"imagine", "--help"}, Form::whole), "");
}

TEST(DocsParse, RefusesWhatTheProgramRefuses) {
  EXPECT_NE(complaint({"imagine", "a", "--stepps", "3"}, Form::whole), "");
  EXPECT_NE(complaint({"imagin", "a"}, Form::whole), "");
  EXPECT_NE(complaint({"imagine", "a", "--steps", "many"}, Form::whole), "");
  EXPECT_NE(complaint({"train", "vae"}, Form::whole), "") << "--pictures is missing";
  EXPECT_NE(complaint({"ask", "a.png"}, Form::whole), "") << "the question is missing";
}

TEST(DocsParse, OfAMentionChecksWhatItSays) {
  EXPECT_EQ(complaint({"train", "vae"}, Form::mention), "");
  EXPECT_EQ(complaint({"corpus"}, Form::mention), "");
  EXPECT_EQ(complaint({"train", "vae", "--steps"}, Form::mention), "");
  EXPECT_NE(complaint({"train", "vae", "--picture"}, Form::mention), "");
  EXPECT_NE(complaint({"trian"}, Form::mention), "");
}

}  // namespace
}  // namespace atelier::docs
