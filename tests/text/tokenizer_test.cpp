/// Byte-level BPE against Hugging Face's tokenizers, and what must hold for any text.
#include "text/tokenizer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "tests/support.h"

#include <chrono>

namespace atelier::text {
namespace {

using base::json;

const std::vector<std::string>& hard_strings() {
  static const std::vector<std::string> strings = {
      "", " ", "  ", "\n", "a red apple", "don't we'll", "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽", "日本語のテキスト 한국어 العربية",
      "e\u0301 \u0301combining", "tabs\tand\r\nlines \n\n  x", "1234567890 12,345.67", std::string("nul\0inside", 10),
      "\u200bzero\u200bwidth", "\u00a0no-break\u3000ideographic", std::string(300, 'x'), fmt::format("a{:20}b", ""),
      "<pad><mask:0>", "\U0010FFFF\uFFFE", " \t \u2028 \x0b\x1c."};
  return strings;
}

std::function<bool(std::string&)> lines(std::vector<std::string> list) {
  return [list = std::move(list), next = size_t{0}](std::string& line) mutable {
    if (next == list.size()) return false;
    line = list[next++];
    return true;
  };
}

Tokenizer small_tokenizer(int64_t size = 400) {
  std::vector<std::string> corpus;
  for (int i = 0; i < 50; ++i) {
    corpus.push_back("a red apple left of the green tree");
    corpus.push_back(fmt::format("what is {} times the red apple? cannot tell, the apple's café", i));
  }
  return train_tokenizer(lines(corpus), size, control_symbols());
}

#ifndef ATELIER_CORE_ONLY

void expect_recorded(const Tokenizer& tokenizer, const std::string& file) {
  for (const json& row : base::read_json(kData / file)) {
    const auto text = row["text"].get<std::string>();
    const auto ids = tokenizer.encode(text, true);
    EXPECT_EQ(ids, row["ids"].get<std::vector<TokenId>>()) << text;
    EXPECT_EQ(tokenizer.decode(ids, true), row["decoded"].get<std::string>());
    for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(tokenizer.token(ids[i]), row["tokens"][i].get<std::string>());
  }
}

// Recorded with tokenizers 0.23; ids are exact or wrong.
TEST(Tokenizer, EqualsHuggingFaceOnGpt2sPattern) { expect_recorded(Tokenizer::load(kData / "bpe_gpt2"), "bpe_gpt2_tokens.json"); }
TEST(Tokenizer, EqualsHuggingFaceOnLlama3sPattern) {
  expect_recorded(Tokenizer::load(kData / "bpe_llama3" / "tokenizer.json"), "bpe_llama3_tokens.json");
}

// CLIPTokenizer of transformers 5.23, truncated to 77 with both end tokens.
TEST(Tokenizer, EqualsHuggingFaceOnClip) {
  const Tokenizer tokenizer = Tokenizer::load(kData / "clip_tiny");
  for (const json& row : base::read_json(kData / "clip_tokens.json")) {
    std::vector<TokenId> ids = tokenizer.encode(row["text"].get<std::string>(), true);
    if (ids.size() > 75) ids.resize(75);
    ids.insert(ids.begin(), tokenizer.id("<|startoftext|>"));
    ids.push_back(tokenizer.id("<|endoftext|>"));
    EXPECT_EQ(ids, row["ids"].get<std::vector<TokenId>>()) << row["text"];
  }
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("A Red  Apple")), "a red apple");
}

TEST(Tokenizer, SavedIsReadBackTheSame) {
  const tests::TemporaryFolder folder;
  for (const char* name : {"bpe_gpt2", "bpe_llama3", "clip_tiny"}) {
    const Tokenizer before = Tokenizer::load(kData / name);
    before.save(folder / "tokenizer.json");
    const Tokenizer after = Tokenizer::load(folder.path());
    EXPECT_EQ(after.size(), before.size());
    for (const std::string& text : hard_strings()) EXPECT_EQ(after.encode(text, true), before.encode(text, true)) << name;
  }
}

#endif

TEST(Tokenizer, EveryByteAndHardStringComesBack) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const std::string& text : hard_strings()) EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  for (int code = 0; code < 0x800; ++code) {  // every lead and continuation byte of two-byte forms, and all of ASCII
    const std::string text = code < 0x80 ? std::string(1, static_cast<char>(code))
                                         : std::string{static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  const std::vector<std::string> parts = {"a", " ", "é", "👍🏽", "7", "\n", "'", " red", "日"};
  base::Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int64_t i = random.below(60); i > 0; --i) text += parts[random.below(static_cast<int64_t>(parts.size()))];
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

TEST(Tokenizer, RefusesWhatIsNotUtf8) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const char* text : {"\xED\xA0\x80", "\xED\xBF\xBF", "\xC0\xAF", "caf\xC3", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_ERROR(tokenizer.encode(text), base::InvalidArgument, "UTF-8");
  }
}

// What a user types is data: it must not open a picture or end a document.
TEST(Tokenizer, ControlSymbolsComeFromTextOnlyWhenAskedFor) {
  const Tokenizer tokenizer = small_tokenizer();
  const std::string text = "draw <boi> here<mask:12><eos>";
  for (const TokenId id : tokenizer.encode(text)) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  const auto ids = tokenizer.encode(text, true);
  EXPECT_EQ(std::count_if(ids.begin(), ids.end(), [&](TokenId id) { return tokenizer.is_special(id); }), 3);
  EXPECT_EQ(tokenizer.decode(ids), "draw  here");
  EXPECT_EQ(tokenizer.decode(ids, true), text);
}

TEST(Tokenizer, AMegabyteTakesNoTime) {
  const Tokenizer tokenizer = small_tokenizer();
  std::string prose;
  while (prose.size() < 1 << 20) prose += "a red apple left of the green tree, ";
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& text : {prose, std::string(1 << 20, 'e'), std::string(1 << 20, ' ')}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // quadratic would take hours
}

TEST(Tokenizer, ControlSymbolsComeFirst) {
  const Tokenizer tokenizer = small_tokenizer();
  for (size_t i = 0; i < control_symbols().size(); ++i) EXPECT_EQ(tokenizer.id(control_symbols()[i]), static_cast<TokenId>(i));
  EXPECT_EQ(tokenizer.id("<pad>"), 0);
  EXPECT_EQ(tokenizer.id("<mask:15>"), tokenizer.id("<mask:0>") + 15);
  EXPECT_ERROR(tokenizer.id("<nothing>"), base::InvalidArgument, "<nothing>");
  EXPECT_ERROR(tokenizer.decode({static_cast<TokenId>(tokenizer.size())}), base::InvalidArgument, "token ids are");
}

TEST(TrainTokenizer, LearnsWholeWordsAndIsDeterministic) {
  const tests::TemporaryFolder folder;
  small_tokenizer().save(folder / "a.json");
  small_tokenizer().save(folder / "b.json");
  EXPECT_EQ(base::read_json(folder / "a.json"), base::read_json(folder / "b.json"));
  const Tokenizer tokenizer = Tokenizer::load(folder / "a.json");
  EXPECT_EQ(tokenizer.encode("a red apple").size(), 3u);
  EXPECT_EQ(tokenizer.encode(" 1 234").size(), 4u);  // digits stand alone
}

// Learnt by counting again after every merge, the plain way.
TEST(TrainTokenizer, IncrementalCountsEqualCountingAgain) {
  std::vector<std::string> corpus;
  base::Random random(3);
  for (int i = 0; i < 300; ++i) {
    std::string word;
    for (int64_t k = random.between(1, 9); k > 0; --k) word += static_cast<char>('a' + random.below(3));
    corpus.push_back(word);
  }
  const Tokenizer tokenizer = train_tokenizer(lines(corpus), 256 + 60, {});

  std::vector<std::vector<TokenId>> words;
  for (const auto& word : corpus) {
    words.emplace_back();
    for (const char c : word) words.back().push_back(static_cast<unsigned char>(c));
  }
  std::map<std::string, TokenId> ids;
  std::vector<std::string> names;
  for (int byte = 0; byte < 256; ++byte) names.push_back(std::string(1, static_cast<char>(byte)));
  for (int byte = 0; byte < 256; ++byte) ids[names[byte]] = byte;
  while (names.size() < 256 + 60) {
    std::map<std::pair<TokenId, TokenId>, int64_t> counts;
    for (const auto& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    }
    auto best = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it) {
      if (it->second > best->second) best = it;
    }
    const auto [left, right] = best->first;
    const auto [found, is_new] = ids.emplace(names[left] + names[right], static_cast<TokenId>(names.size()));
    if (is_new) names.push_back(found->first);
    for (auto& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != left || word[i + 1] != right) continue;
        word[i] = found->second;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  ASSERT_EQ(tokenizer.size(), 256 + 60);
  for (TokenId id = 256; id < tokenizer.size(); ++id) EXPECT_EQ(tokenizer.token(id), names[id]);
  for (size_t i = 0; i < corpus.size(); ++i) EXPECT_EQ(tokenizer.encode(corpus[i]), words[i]);
}

TEST(TrainTokenizer, NeverLearnsAControlSymbol) {
  std::vector<std::string> corpus(100, "boi boi");
  const Tokenizer tokenizer = train_tokenizer(lines(corpus), 300, {"boi"});
  for (const TokenId id : tokenizer.encode("boi boi")) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_ERROR(train_tokenizer(lines(corpus), 100, {}), base::InvalidArgument, "256");
  EXPECT_ERROR(train_tokenizer(lines({"\xFF"}), 300, {}), base::InvalidArgument, "line 1");
}

}  // namespace
}  // namespace atelier::text
