/// Tokenizer files that lie, each refused with its reason.
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "tests/support.h"
#include "text/byte_alphabet.h"
#include "text/pretokenizer.h"
#include "text/tokenizer.h"

namespace atelier::text {
namespace {

using base::InvalidFile;
using base::json;

/// The smallest sound file: bytes 0..255, "ab", one control symbol, our own pattern (readable without ICU).
json sound() {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[byte_symbol(static_cast<unsigned char>(byte))] = byte;
  vocabulary["ab"] = 256;
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", kOwnPattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  return {{"added_tokens", {{{"id", 257}, {"content", "<end>"}, {"special", true}}}},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, byte_level}}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b"}}}}};
}

class TokenizerFile : public testing::Test {
 protected:
  Tokenizer load(const json& document) {
    base::write_json(folder_ / "tokenizer.json", document);
    return Tokenizer::load(folder_.path());
  }
  /// The sound file with one change.
  void expect_refused(const std::function<void(json&)>& change, const std::string& fragment) {
    json document = sound();
    change(document);
    EXPECT_ERROR(load(document), InvalidFile, fragment);
  }
  tests::TemporaryFolder folder_;
};

TEST_F(TokenizerFile, TheSoundOneIsRead) {
  const Tokenizer tokenizer = load(sound());
  EXPECT_EQ(tokenizer.size(), 258);
  EXPECT_EQ(tokenizer.encode("ab<end>", true), (std::vector<TokenId>{256, 257}));
  json pairs = sound();
  pairs["model"]["merges"] = json::array({json::array({"a", "b"})});
  EXPECT_EQ(load(pairs).encode("ab"), std::vector<TokenId>{256});
}

TEST_F(TokenizerFile, IgnoreMergesTakesAWholePieceFirst) {
  json document = sound();
  document["model"]["vocab"]["aba"] = 258;
  EXPECT_EQ(load(document).encode("aba"), (std::vector<TokenId>{256, 'a'}));
  document["model"]["ignore_merges"] = true;
  EXPECT_EQ(load(document).encode("aba"), std::vector<TokenId>{258});
}

TEST_F(TokenizerFile, MissingOrMistypedParts) {
  expect_refused([](json& d) { d.erase("model"); }, "model is missing");
  expect_refused([](json& d) { d["model"].erase("vocab"); }, "vocab is missing");
  expect_refused([](json& d) { d["model"].erase("merges"); }, "merges is missing");
  expect_refused([](json& d) { d["model"]["vocab"] = json::array({1}); }, "vocab must be");
  expect_refused([](json& d) { d["model"]["merges"] = "a b"; }, "merges must be");
  expect_refused([](json& d) { d["model"]["type"] = "Unigram"; }, "Unigram");
  expect_refused([](json& d) { d["model"]["byte_fallback"] = true; }, "byte_fallback");
  expect_refused([](json& d) { d["model"]["dropout"] = 0.1; }, "dropout");
  expect_refused([](json& d) { d["added_tokens"][0].erase("id"); }, "id is missing");
  expect_refused([](json& d) { d["added_tokens"][0]["lstrip"] = true; }, "lstrip");
}

TEST_F(TokenizerFile, IdsOutOfRangeOrTwice) {
  for (const json& id : {json(-1), json(1 << 20), json(1e30), json(uint64_t{18446744073709551615u}), json("7"), json(1.5)}) {
    expect_refused([&](json& d) { d["model"]["vocab"]["ab"] = id; }, "id of ab");
    expect_refused([&](json& d) { d["added_tokens"][0]["id"] = id; }, "id of <end>");
  }
  expect_refused([](json& d) { d["model"]["vocab"]["ab"] = 7; }, "id 7 belongs to");
  expect_refused([](json& d) { d["added_tokens"][0]["id"] = 256; }, "id 256 belongs to ab and to <end>");
  expect_refused([](json& d) { d["added_tokens"][0]["content"] = "ab"; }, "ab has two ids");
  expect_refused([](json& d) { d["added_tokens"].push_back(d["added_tokens"][0]); }, "comes twice");
  expect_refused([](json& d) { d["model"]["vocab"].erase("a"); d["model"]["merges"] = json::array(); }, "byte 97 has no token");
}

TEST_F(TokenizerFile, MergesThatCannotBe) {
  expect_refused([](json& d) { d["model"]["merges"] = {"a zz"}; }, "names zz");
  expect_refused([](json& d) { d["model"]["merges"] = {"a c"}; }, "gives ac, which is no token");
  expect_refused([](json& d) { d["model"]["merges"] = {"a b", "a b"}; }, "comes twice");
  expect_refused([](json& d) { d["model"]["merges"] = {"ab"}; }, "with a space");
  expect_refused([](json& d) { d["model"]["merges"] = {"a b c"}; }, "with a space");
  expect_refused([](json& d) { d["model"]["merges"] = {{"a", "b", "c"}}; }, "merge 0 must be");
  expect_refused([](json& d) { d["model"]["merges"] = {1}; }, "merge 0 must be");
  expect_refused([](json& d) { d["added_tokens"].push_back({{"id", 256}, {"content", "ab"}, {"special", true}}); },
                 "control symbol ab");
}

TEST_F(TokenizerFile, JsonThatAttacks) {
  base::write_file(folder_ / "tokenizer.json", std::string(100000, '['));
  EXPECT_ERROR(Tokenizer::load(folder_.path()), InvalidFile, "tokenizer.json");
  base::write_file(folder_ / "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}}}");
  EXPECT_ERROR(Tokenizer::load(folder_.path()), InvalidFile, "twice in one object");
  EXPECT_ERROR(Tokenizer::load(folder_ / "nothing"), InvalidFile, "nothing");
}

TEST_F(TokenizerFile, PairOfFilesThatLies) {
  const json vocabulary = sound()["model"]["vocab"];
  base::write_json(folder_ / "vocab.json", vocabulary);
  base::write_file(folder_ / "merges.txt", "#version: 0.2\na b\na zz\n");
  EXPECT_ERROR(Tokenizer::load(folder_.path()), InvalidFile, "names zz");
  base::write_file(folder_ / "merges.txt", "a b\n\xFF\n");
  EXPECT_ERROR(Tokenizer::load(folder_.path()), InvalidFile, "UTF-8");
}

}  // namespace
}  // namespace atelier::text
