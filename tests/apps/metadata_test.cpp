#include "apps/metadata.h"
#include "apps/shell.h"
#include "base/error.h"
#include "vision/image.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace atelier::apps {
namespace {

PictureRecord example() {
  PictureRecord record;
  record.prompt = "a red apple, noto style";
  record.negative_prompt = "leaves";
  record.seed = 123456789;
  record.steps = 30;
  record.guidance_scale = 4.5;
  record.sampler = "ddim";
  record.style = "noto";
  record.model = "starter";
  record.model_hash = "0123456789abcdef";
  record.width = record.height = 128;
  record.version = "0.1.0";
  return record;
}

std::string png_of(const PictureRecord& record) { return vision::encode_png(vision::Image(4, 4), to_text_chunks(record)); }

/// The words that a shell makes of a line.
std::vector<std::string> words_of(const std::string& line) {
  const std::string command = "atelier() { printf '%s\\n' \"$@\"; }; " + line;
  std::FILE* pipe = popen(("sh -c " + shell_quote(command)).c_str(), "r");
  std::string out;
  for (int c; (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  std::vector<std::string> words;
  for (size_t begin = 0; begin < out.size();) {
    const size_t end = out.find('\n', begin);
    words.push_back(out.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

TEST(Metadata, RoundTripThroughAPng) {
  const auto back = read_record(png_of(example()), "test.png");
  ASSERT_TRUE(back);
  EXPECT_TRUE(base::equal(*back, example()));
}

TEST(Metadata, UnicodePromptsSurvive) {
  PictureRecord record = example();
  record.prompt = "ein Käse, 日本語, 👩‍👩‍👧";
  EXPECT_EQ(read_record(png_of(record), "test.png")->prompt, record.prompt);
}

TEST(Metadata, OtherProgramsFindTheirLayout) {
  const auto text = vision::read_png_text(png_of(example()), "test.png");
  EXPECT_EQ(text.at("parameters"),
            "a red apple, noto style\nNegative prompt: leaves\nSteps: 30, Sampler: ddim, CFG scale: 4.5, Seed: 123456789, "
            "Size: 128x128, Style: noto, Model hash: 0123456789abcdef, Model: starter, Version: atelier 0.1.0");
}

TEST(Metadata, ForeignAndForgedRecords) {
  EXPECT_FALSE(read_record(vision::encode_png(vision::Image(4, 4), {{"parameters", "x"}}), "test.png"));
  for (const char* json : {"", "[]", "{\"schema\": 2}", "{\"schema\": 1, \"prompt\": 7}", "{\"schema\": 1, \"prompt\": \"\"}",
                           "{\"prompt\": \"a\\u001b[31m\"}", "{\"prompt\": \"a\", \"steps\": 100000}",
                           "{\"prompt\": \"a\", \"sampler\": \"x\\ny\"}"}) {
    const std::string png = vision::encode_png(vision::Image(4, 4), {{"atelier", json}});
    EXPECT_THROW(read_record(png, "test.png"), base::InvalidFile) << json;
  }
}

TEST(CommandLine, IsWhatTheShellHandsBack) {
  for (const std::string prompt : {"a red apple", "it's \"quoted\" $(touch /tmp/x) `id` \\ ! * ; & | < > #", "-rf", "日本"}) {
    PictureRecord record = example();
    record.prompt = record.negative_prompt = prompt;
    const std::vector<std::string> words = words_of(command_line(record));
    EXPECT_EQ(words.front(), "imagine");
    EXPECT_EQ(prompt == "-rf" ? words.back() : words[1], prompt);
    EXPECT_NE(std::find(words.begin(), words.end(), "--negative-prompt=" + prompt), words.end());
    EXPECT_NE(std::find(words.begin(), words.end(), "--style=noto"), words.end());
  }
  EXPECT_EQ(command_line(example()),
            "atelier imagine 'a red apple, noto style' --negative-prompt=leaves --no-memory --seed 123456789 --steps 30 "
            "--guidance-scale 4.5 --sampler ddim --style=noto");
}

}  // namespace
}  // namespace atelier::apps
