// What a person may get wrong before `atelier eval` measures anything.
#include "tests/apps/program_fixture.h"

namespace atelier::apps {
namespace {

class EvalCommand : public Program {};

TEST_F(EvalCommand, UnknownRowsAreNamedBeforeAnythingLoads) {
  const Outcome outcome = run({"eval", "clop", "-o", "report"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("there is no row \"clop\"; the rows are lmfusion, retrieval"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(folder / "report"));
}

TEST_F(EvalCommand, NeedsAFolderToWriteInto) {
  EXPECT_EQ(run({"eval", "clip"}).exit_code, 2);
  base::write_file(folder / "file", "in the way");
  const Outcome outcome = run({"eval", "clip", "-o", "file"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("the folder file cannot be made"), std::string::npos) << outcome.err;
}

TEST_F(EvalCommand, SaysWhichModelOrSetsAreMissing) {
  const Outcome tasks = run({"eval", "sketch", "--tasks", "nowhere", "-o", "report"});
  EXPECT_EQ(tasks.exit_code, 2);
  EXPECT_NE(tasks.err.find("nowhere is no folder of problem sets"), std::string::npos) << tasks.err;
  const Outcome models = run({"eval", "clip", "--models", "empty", "-o", "report"});
  EXPECT_EQ(models.exit_code, 3);
  EXPECT_NE(models.err.find("empty"), std::string::npos) << models.err;
}

TEST_F(EvalCommand, HelpNamesEveryRow) {
  const Outcome outcome = run({"eval", "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* row : {"lmfusion", "retrieval", "shots", "promptcap", "negtome", "sketch", "scenes", "clip"}) EXPECT_NE(outcome.out.find(row), std::string::npos) << row;
}

}  // namespace
}  // namespace atelier::apps
