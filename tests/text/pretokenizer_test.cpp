/// Our own pattern, by hand and by ICU, and what is refused.
#include "text/pretokenizer.h"

#include "base/error.h"
#include "base/random.h"
#include "tests/support.h"

namespace atelier::text {
namespace {

using base::json;

std::vector<std::string> own(std::string_view text) {
  std::vector<std::string> pieces;
  scan_own(text, [&](std::string_view piece) { pieces.emplace_back(piece); });
  return pieces;
}

TEST(OwnPattern, CutsAsItsDescriptionSays) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(own("a red apple, 12 cafés!"), (Pieces{"a", " red", " apple", ",", " 1", "2", " cafés", "!"}));
  EXPECT_EQ(own("a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(own("a\n\nb\n"), (Pieces{"a", "\n", "\n", "b", "\n"}));
  EXPECT_EQ(own("don't <boi>"), (Pieces{"don", "'", "t", " <", "boi", ">"}));
  EXPECT_EQ(own(""), Pieces{});
}

#ifndef ATELIER_CORE_ONLY

// A file that we write must mean the same to every reader of tokenizer.json: those use the pattern, we the scanner.
TEST(OwnPattern, ScannerEqualsIcu) {
  const Pattern pattern(kOwnPattern, false, "test");
  const auto by_icu = [&](const std::string& text) {
    std::vector<std::string> pieces;
    size_t at = 0;
    pattern.matches(text, [&](size_t begin, size_t end) {
      EXPECT_EQ(begin, at) << "a gap in " << text;
      pieces.push_back(text.substr(begin, end - begin));
      at = end;
    });
    EXPECT_EQ(at, text.size());
    return pieces;
  };
  base::Random random(1);
  const std::vector<std::string> parts = {" ", "  ", "\n", "\t", "\r\n", "\x0b", "a", "Zz", "é", "日", "👍🏽", "\u00a0", "\u0085",
                                          "\u2028", "0", "42", "١", ".", "'", "<", "\x01", "\x1f", "\x7f", "@", "[", "`", "{"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int64_t i = random.below(12); i > 0; --i) text += parts[random.below(static_cast<int64_t>(parts.size()))];
    EXPECT_EQ(own(text), by_icu(text)) << json(text).dump();
  }
  for (int code = 0; code < 128; ++code) {
    const std::string text = {'a', static_cast<char>(code), static_cast<char>(code), ' ', static_cast<char>(code), 'b'};
    EXPECT_EQ(own(text), by_icu(text)) << code;
  }
}

TEST(Pretokenizer, SplitsIsolatedAndRemoved) {
  const auto pieces = [](const json& split) {
    const json document = {{"type", "Sequence"},
                           {"pretokenizers", {split, {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
    std::string all;
    Pretokenizer::read(document, "test").split("ab12cd", [&](std::string_view piece) { all.append(piece).append("|"); });
    return all;
  };
  const json digits = {{"Regex", "[0-9]"}};
  EXPECT_EQ(pieces({{"type", "Split"}, {"pattern", digits}, {"behavior", "Isolated"}}), "ab|1|2|cd|");
  EXPECT_EQ(pieces({{"type", "Split"}, {"pattern", digits}, {"behavior", "Removed"}, {"invert", true}}), "1|2|");
  EXPECT_EQ(pieces({{"type", "Split"}, {"pattern", digits}, {"behavior", "Removed"}}), "ab|cd|");
  EXPECT_EQ(pieces({{"type", "Split"}, {"pattern", {{"String", "b1"}}}, {"behavior", "Isolated"}}), "a|b1|2cd|");
  EXPECT_EQ(pieces({{"type", "Digits"}, {"individual_digits", true}}), "ab|1|2|cd|");
  EXPECT_EQ(pieces({{"type", "Sequence"}, {"pretokenizers", json::array()}}), "ab12cd|");
}

TEST(Pretokenizer, AddsAPrefixSpaceOnce) {
  const Pretokenizer pretokenizer = Pretokenizer::read({{"type", "ByteLevel"}, {"add_prefix_space", true}}, "test");
  std::string all;
  pretokenizer.split("red apple", [&](std::string_view piece) { all.append(piece).append("|"); });
  EXPECT_EQ(all, " red| apple|");
}

// A pattern that backtracks exponentially: an error within seconds, not a hang.
TEST(Pretokenizer, StopsAHostilePattern) {
  const Pattern pattern("(a+)+$", false, "test");
  EXPECT_ERROR(pattern.matches(std::string(64, 'a').append("b"), [](size_t, size_t) {}), base::InvalidArgument, "too long");
  EXPECT_ERROR(Pattern("(", false, "file.json"), base::InvalidFile, "file.json");
}

#endif

TEST(Pretokenizer, RefusesWhatItDoesNotUnderstand) {
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const auto read = [](const json& document) { return Pretokenizer::read(document, "t.json"); };
  EXPECT_ERROR(read(nullptr), base::InvalidFile, "no pre_tokenizer");
  EXPECT_ERROR(read({{"type", "Metaspace"}}), base::InvalidFile, "Metaspace");
  EXPECT_ERROR(read({{"type", "Sequence"}, {"pretokenizers", json::array()}}), base::InvalidFile, "ByteLevel");
  EXPECT_ERROR(read({{"type", "Sequence"}}), base::InvalidFile, "pretokenizers");
  EXPECT_ERROR(read({{"type", "Sequence"}, {"pretokenizers", {byte_level, byte_level}}}), base::InvalidFile, "last");
  EXPECT_ERROR(read("ByteLevel"), base::InvalidFile, "type");
  EXPECT_ERROR(read({{"type", "Split"}, {"pattern", "a"}, {"behavior", "Isolated"}}), base::InvalidFile, "pattern");
  json nested = byte_level;
  for (int i = 0; i < 9; ++i) nested = {{"type", "Sequence"}, {"pretokenizers", json::array({nested})}};
  EXPECT_ERROR(read(nested), base::InvalidFile, "deep");
  EXPECT_ERROR(Normalizer::read({{"type", "NFKD"}}, "t.json"), base::InvalidFile, "NFKD");
}

}  // namespace
}  // namespace atelier::text
