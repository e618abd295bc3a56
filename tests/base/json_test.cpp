#include "base/json.h"

#include "base/error.h"
#include "base/files.h"
#include "tests/support.h"

namespace atelier::base {
namespace {

std::string nested(int depth, const std::string& open, const std::string& close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  if (open.ends_with(':')) text += "0";
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

// The builder is ours, so nlohmann's own must agree on every kind of value and nesting.
TEST(Json, ReadsWhatNlohmannReads) {
  const std::string text = R"( {"a": [1, -2, 3.5, "x\u00e9\ud83d\ude00\n", true, false, null, [], {}, [[1], [2, [3]]]],
    "b": {"a": {"b": {"a": [ {"c": 1}, {"c": 2} ]}}}, "": -0.0, "big": 18446744073709551615,
    "small": -9223372036854775808, "e": 1e-300} )";
  const json ours = parse_json(text, "text");
  EXPECT_EQ(ours, json::parse(text));
  EXPECT_EQ(ours.dump(), json::parse(text).dump());
  for (const char* scalar : {"1", "\"x\"", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(parse_json(scalar, "text"), json::parse(scalar));
  }
}

TEST(Json, DepthIsLimited) {
  EXPECT_NO_THROW(parse_json(nested(64, "[", "]"), "text"));
  EXPECT_NO_THROW(parse_json(nested(64, "{\"a\":", "}"), "text"));
  EXPECT_ERROR(parse_json(nested(65, "[", "]"), "text"), InvalidFile, "text: is nested deeper than 64 levels");
  EXPECT_ERROR(parse_json(nested(65, "{\"a\":", "}"), "text"), InvalidFile, "text: is nested deeper than 64 levels");
  EXPECT_ERROR(parse_json(std::string(1'000'000, '['), "text"), InvalidFile, "deeper than 64");
  EXPECT_ERROR(parse_json("[[[1]]]", "text", {.depth = 2}), InvalidFile, "deeper than 2");
  // Siblings are not depth.
  EXPECT_EQ(parse_json("[[1],[2],[3]]", "text", {.depth = 2}).size(), 3u);
}

TEST(Json, DuplicateKeysAreRefusedWhereverTheyAre) {
  EXPECT_ERROR(parse_json(R"({"a": 1, "b": 2, "a": 1})", "text"), InvalidFile, R"(text: has the key "a" twice)");
  EXPECT_ERROR(parse_json(R"([{"x": {"key": [1], "key": null}}])", "text"), InvalidFile, R"(the key "key" twice)");
  EXPECT_ERROR(parse_json(R"({"a": 1, "\u0061": 1})", "text"), InvalidFile, R"(the key "a" twice)");
  EXPECT_NO_THROW(parse_json(R"({"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]})", "text"));
}

TEST(Json, WhatIsNoJsonIsRefused) {
  for (const char* text : {"NaN", "[NaN]", "Infinity", "-Infinity", "[1,]", "{\"a\":1,}", "{a: 1}", "'a'", "01", "1.",
                           "+1", ".5", "[1] [2]", "{} x", "// c\n1", "/* c */ 1", "\"a\nb\"", "\"\\x41\"", "[1 2]",
                           "{\"a\" 1}", "[", "{\"a\":", "\"abc", "tru", "]", "   ", "{\"a\": 1}}"}) {
    EXPECT_ERROR(parse_json(text, "text"), InvalidFile, "text: is not valid JSON: ");
  }
  EXPECT_ERROR(parse_json("", "text"), InvalidFile, "text: is empty, not JSON");
  EXPECT_ERROR(parse_json(std::string_view("{}\0x", 4), "text"), InvalidFile, "it holds a zero byte");
  EXPECT_EQ(parse_json(R"("a\u0000b")", "text"), std::string("a\0b", 3));
  EXPECT_ERROR(parse_json("[1e999]", "text"), InvalidFile, "number overflow");
  EXPECT_ERROR(parse_json(R"("\ud800")", "text"), InvalidFile, "surrogate");
  EXPECT_ERROR(parse_json(R"("\udc00x")", "text"), InvalidFile, "surrogate");
  EXPECT_ERROR(parse_json("{\n \"a\": 1,\n 5}", "text"), InvalidFile, "line 3");
}

TEST(Json, BytesThatAreNoUtf8AreRefused) {
  EXPECT_ERROR(parse_json("\"\xff\"", "text"), InvalidFile, "text: is not valid UTF-8");
  EXPECT_ERROR(parse_json("{\"\xc3\": 1}", "text"), InvalidFile, "text: is not valid UTF-8");
}

TEST(Json, SizeIsLimited) {
  EXPECT_NO_THROW(parse_json("[1, 2]", "text", {.bytes = 6}));
  EXPECT_ERROR(parse_json("[1, 2]", "text", {.bytes = 5}), InvalidFile, "text: holds 6 bytes of JSON, at most 5");
}

TEST(Json, MessagesStayShortAndReadable) {
  const std::string key(10'000, 'k');
  for (const std::string& text : {"{\"" + key + "\":1,\"" + key + "\":1}", "[\"" + key, key,
                                  "[\"\u00e9\u00e9" + std::string(300, 'x') + "\x01\"]"}) {
    try {
      parse_json(text, "text");
      ADD_FAILURE() << "was accepted";
    } catch (const InvalidFile& error) {
      const std::string message = error.what();
      EXPECT_LT(message.size(), 320u);
      EXPECT_TRUE(is_utf8(message));
      EXPECT_EQ(message.find_first_of("\n\x01"), std::string::npos);
    }
  }
  // The cut falls inside a character of two bytes at one of these lengths.
  for (size_t size = 70; size < 90; ++size) {
    std::string text(size, 'x');
    for (int i = 0; i < 10; ++i) text += "\u00e9";
    EXPECT_TRUE(is_utf8(shown(text))) << size;
    EXPECT_LE(shown(text).size(), 83u);
  }
  EXPECT_EQ(shown(json("a\nb")), R"("a\nb")");
}

TEST(Json, DumpReplacesHalfCharacters) {
  EXPECT_EQ(dump_json({{"text", "caf\xc3"}}), "{\"text\":\"caf\ufffd\"}");
  EXPECT_EQ(dump_json({{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

TEST(Json, FilesRoundTripAndNameThemselves) {
  const tests::TemporaryFolder folder;
  const json document = {{"a", {1, 2.5, "\u00e9", nullptr}}, {"b", json::object()}};
  write_json(folder / "file.json", document);
  EXPECT_EQ(read_json(folder / "file.json"), document);
  EXPECT_TRUE(read_file(folder / "file.json").starts_with("{\n  \"a\": ["));
  EXPECT_TRUE(read_file(folder / "file.json").ends_with("}\n"));
  EXPECT_ERROR(read_json(folder / "file.json", {.bytes = 10}), InvalidFile, "at most 10 are allowed");
  write_file(folder / "bad.json", std::string_view("{"));
  EXPECT_ERROR(read_json(folder / "bad.json"), InvalidFile, (folder / "bad.json").string() + ": is not valid JSON");
  EXPECT_ERROR(read_json(folder / "none.json"), InvalidFile, "none.json: cannot be opened");
}

// Unicode 15, table 3-7: the well-formed byte sequences, at their edges and just beyond.
TEST(Utf8, FollowsTheTableOfWellFormedSequences) {
  for (const char* good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    for (size_t before = 0; before < 18; ++before) {
      EXPECT_TRUE(is_utf8(std::string(before, 'a') + good)) << before;
      EXPECT_TRUE(is_utf8(std::string(before, 'a') + good + "aaaaaaaaa")) << before;
    }
  }
  for (const char* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xc2\xc2", "\xe0\x9f\xbf",
                          "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"}) {
    for (size_t before = 0; before < 18; ++before) {
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + bad)) << before;
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + bad + "aaaaaaaaa")) << before;
    }
  }
}

}  // namespace
}  // namespace atelier::base
