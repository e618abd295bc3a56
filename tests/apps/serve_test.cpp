// `atelier serve` as a process manager runs it, with the model that ships.
#include "tests/apps/program_fixture.h"
#include "tests/service/client.h"

#include <thread>

namespace atelier::apps {
namespace {

using service::ask;

class Serve : public Program {
 protected:
  /// The port that a started service says it listens at.
  uint16_t port() const {
    for (int i = 0; i < 1200; ++i) {
      const std::string log = fs::exists(folder / "stderr") ? base::read_file(folder / "stderr") : "";
      const size_t at = log.find("\"port\":");
      if (at != log.npos && log.find('\n', at) != log.npos) return static_cast<uint16_t>(std::stoi(log.substr(at + 7)));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return 0;
  }
};

TEST_F(Serve, AnswersUntilSigtermAndExitsWithZero) {
  const pid_t child = start({"serve", "--port", "0", "--log", "json"});
  const uint16_t at = port();
  ASSERT_NE(at, 0) << base::read_file(folder / "stderr");
  while (ask(at, "GET", "/health").status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(ask(at, "POST", "/v1/images/generations", R"({"prompt": "a secret apple", "steps": 2})").status, 200);
  kill(child, SIGTERM);
  const Outcome outcome = wait(child);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find("secret"), std::string::npos) << outcome.err;
}

TEST_F(Serve, WhatCannotBeServedIsSaidAtOnce) {
  Outcome outcome = run({"serve", "--port", "0", "--host", "0.0.0.0"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("needs --api-key-file"), std::string::npos) << outcome.err;
  outcome = run({"serve", "--port", "0", "--model", "nowhere"});
  EXPECT_EQ(outcome.exit_code, 3);
  base::write_file(folder / "keys", "short\n");
  outcome = run({"serve", "--port", "0", "--api-key-file", "keys"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("line 1 must have 16 to 256"), std::string::npos) << outcome.err;
}

// A model that breaks while it loads ends the service with the file's own sentence.
TEST_F(Serve, AModelThatIsBrokenEndsIt) {
  const Outcome outcome = run({"serve", "--port", "0", "--model", hollow_model().string()});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
}

}  // namespace
}  // namespace atelier::apps
