#include "base/safetensors.h"
#include "tests/apps/program_fixture.h"
#include "vision/image.h"

namespace atelier::apps {
namespace {

TEST_F(Program, HelpAndVersionGoToStdout) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{}, {"--help"}, {"imagine", "--help"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_NE(outcome.out.find("Examples:"), std::string::npos);
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_TRUE(run({"--version"}).out.starts_with("atelier "));
}

TEST_F(Program, UsageErrorsAreTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"imagin", "a"}, "there is no command 'imagin'; did you mean 'imagine'?"},
      {{"--quiet"}, "a command is missing"},
      {{"train", "poetry"}, "there is no command 'poetry'"},
      {{"imagine"}, "there is no prompt"},
      {{"imagine", ""}, "the prompt is empty"},
      {{"imagine", "   "}, "the prompt is empty"},
      {{"imagine", std::string(5000, 'x')}, "has 5000 bytes, at most 4096"},
      {{"imagine", "a\xFF"}, "not valid UTF-8"},
      {{"imagine", "a\nb"}, "control character at byte 2"},
      {{"imagine", "a", "-n", "b\tc"}, "the negative prompt has a control character"},
      {{"imagine", "a", "--steps", "0"}, "steps must be 1 to 1000, not 0"},
      {{"imagine", "a", "--steps", "1000000000"}, "steps must be 1 to 1000, not 1000000000"},
      {{"imagine", "a", "--steps", "many"}, "many"},
      {{"imagine", "a", "--batch", "65"}, "batch must be 1 to 64, not 65"},
      {{"imagine", "a", "--guidance-scale", "31"}, "guidance-scale must be 0 to 30, not 31"},
      {{"imagine", "a", "--guidance-scale", "nan"}, "guidance-scale must be 0 to 30, not nan"},
      {{"imagine", "a", "--sampler", "magic"}, "sampler must be one of ddim"},
      {{"imagine", "a", "--seed", "-7"}, "seed must be 0 or more"},
      {{"imagine", "a", "--prompt-file", "f"}, "not both"},
      {{"imagine", "a", "--threads", "100000"}, "threads must be"},
      {{"imagine", "a", "--device", "abacus"}, "device must be"},
      {{"imagine", "a", "--dtype", "fp4"}, "dtype must be"},
      {{"completion", "tcsh"}, "shell must be bash, zsh or fish, not tcsh"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("atelier: ")) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(Program, WhatTheModelDoesNotOfferIsRefusedBeforeWorkStarts) {
  const std::string model = hollow_model().string();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--style", "cubist"}, "this model has no style 'cubist'; it has noto, 3d"},
      {{"--width", "256"}, "width must be 128, the only size that this model draws, not 256"},
      {{"-o", "nowhere/a.png"}, "nowhere/a.png: the folder nowhere does not exist"},
      {{"-o", "a.webp"}, "must end in .png, .jpg or .jpeg"},
      {{"-o", "%d_%d.png"}, "may hold one number"},
      {{"-o", "a.png", "--grid", "./a.png"}, "would be written twice"},
      {{"--preview", "preview.txt"}, "must end in .png"},
      {{"-o", "model/vae.png/"}, "must end in .png"}};
  for (auto [arguments, message] : cases) {
    arguments.insert(arguments.begin(), {"imagine", "a red apple", "--model", model});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  }
}

TEST_F(Program, BadFilesAreThree) {
  base::write_file(folder / "empty.txt", "\n\n");
  base::write_file(folder / "bad.png", "\x89PNG\r\n\x1a\n nonsense");
  base::write_file(folder / "bad.safetensors", "nonsense");
  vision::write_image(folder / "plain.png", vision::Image(4, 4));
  fs::create_directory(folder / "hollow");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"imagine", "--prompt-file", "missing.txt"}, "missing.txt"},
      {{"imagine", "--prompt-file", "empty.txt"}, "empty.txt: there is no prompt in it"},
      {{"imagine", "a", "--model", "missing"}, "missing: there is no model folder here"},
      {{"imagine", "a", "--model", "hollow"}, "hollow: this folder holds no model"},
      {{"inspect", "missing"}, "missing: there is no such file or folder"},
      {{"inspect", "bad.png"}, "bad.png: this PNG is cut short"},
      {{"inspect", "bad.safetensors"}, "bad.safetensors"},
      {{"inspect", "plain.png"}, "plain.png: this PNG does not say how it was drawn"},
      {{"inspect", "empty.txt"}, "neither a PNG"},
      {{"inspect", "hollow"}, "hollow"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 3) << message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(Program, APromptFileNamesTheBadLine) {
  base::write_file(folder / "prompts.txt", "a red apple\n\na\x01" "b\n");
  const Outcome outcome = run({"imagine", "--prompt-file", "prompts.txt"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("prompts.txt, line 3 has a control character at byte 2"), std::string::npos) << outcome.err;
  const Outcome piped = run({"imagine", "--prompt-file", "-"}, {}, "ok\n\x02\n");
  EXPECT_NE(piped.err.find("stdin, line 2"), std::string::npos) << piped.err;
}

TEST_F(Program, EnvironmentTwinsWorkForTheCommandThatRuns) {
  EXPECT_NE(run({"imagine", "a"}, {"ATELIER_ARG_STEPS=0"}).err.find("steps must be"), std::string::npos);
  EXPECT_NE(run({"imagine", "a"}, {"ATELIER_ARG_GUIDANCE_SCALE=99"}).err.find("not 99"), std::string::npos);
  EXPECT_NE(run({"imagine", "a", "--steps", "2000"}, {"ATELIER_ARG_STEPS=0"}).err.find("not 2000"), std::string::npos)
      << "a flag wins";
  EXPECT_EQ(run({"completion", "bash"}, {"ATELIER_ARG_STEPS=many"}).exit_code, 0) << "other commands do not care";
}

TEST_F(Program, InspectListsTensorsAndMetadata) {
  base::write_safetensors(folder / "w.safetensors", {{"a.weight", at::ones({2, 3}, at::kBFloat16)}, {"b", at::ones({5})}},
                          {{"made_by", "a test"}});
  const Outcome outcome = run({"inspect", "w.safetensors"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("a.weight  BFloat16  (2, 3)"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("made_by: a test"), std::string::npos);
  const base::json document = base::parse_json(run({"inspect", "w.safetensors", "--json"}).out, "stdout");
  EXPECT_EQ(document.at("parameters"), 11);
  EXPECT_EQ(document.at("bytes"), 32);
}

TEST_F(Program, CompletionScriptsKnowCommandsAndFlags) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = run({"completion", shell});
    EXPECT_EQ(outcome.exit_code, 0);
    for (const char* word : {"imagine", "guidance-scale", "doctor", "quiet", "vae"})
      EXPECT_NE(outcome.out.find(word), std::string::npos) << shell << " " << word;
  }
  base::write_file(folder / "try.sh",
                   "source ./script\nCOMP_WORDS=(atelier --quiet imagine --guid); COMP_CWORD=3; _atelier; echo \"${COMPREPLY[@]}\"\n"
                   "COMP_WORDS=(atelier tra); COMP_CWORD=1; _atelier; echo \"${COMPREPLY[@]}\"\n");
  base::write_file(folder / "script", run({"completion", "bash"}).out);
  ASSERT_EQ(std::system(fmt::format("cd '{}' && bash try.sh > answer", folder.string()).c_str()), 0);
  EXPECT_EQ(base::read_file(folder / "answer"), "--guidance-scale\ntrain\n");
}

TEST_F(Program, DoctorSaysWhatThereIsAndIsNot) {
  const Outcome outcome = run({"doctor", "--model", "missing"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* word : {"processor", "LibTorch", "dtype", "threads", "GFLOP/s", "none (missing: ", "What would be better:"})
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word << "\n" << outcome.out;
}

}  // namespace
}  // namespace atelier::apps
