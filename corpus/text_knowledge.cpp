// What the corpus knows of its concepts, in sentences: labels, keywords, groups, senses; and the kinds of countable nouns.
#include "corpus/english.h"
#include "corpus/nouns.h"
#include "corpus/text_corpus.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/files.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr uint64_t kKnowledgeSeed = 40404;

std::string called(const std::string& label) { return takes_article(label) ? with_article(label) : label; }

/// `count` different ones of a list, in an order of their own.
std::vector<std::string> some(std::vector<std::string> all, int64_t count, base::Random& random) {
  std::vector<std::string> out;
  while (!all.empty() && static_cast<int64_t>(out.size()) < count) {
    const auto at = all.begin() + random.below(static_cast<int64_t>(all.size()));
    out.push_back(*at);
    all.erase(at);
  }
  return out;
}

void add_concept(const base::json& entry, base::Random& random, Documents& documents) {
  const auto labels = entry.at("labels").get<std::vector<std::string>>();
  const auto tags = entry.at("tags").get<std::vector<std::string>>();
  const auto group = entry.value("group", "");
  const std::string& label = labels.front();
  if (!tags.empty()) {
    for (int i = 0; i < 2; ++i) documents.add("keyword", fmt::format("{}: {}", label, join(some(tags, random.between(2, 6), random), ", ")));
    documents.add("keyword", fmt::format("{} has to do with {}", called(label), list(some(tags, random.between(1, 3), random))));
    documents.add("keyword", fmt::format("{}, {}", join(some(tags, 2, random), ", "), label));
  }
  if (labels.size() >= 2) documents.add("keyword", fmt::format("{} may be called {}", called(label), called(labels[1 + random.below(static_cast<int64_t>(labels.size()) - 1)])));
  // Icons and clip art have menu names for groups, and no subgroup that tells which sense of a word is meant.
  if (!entry.value("concept", "").starts_with("emoji:")) return;
  if (!group.empty()) documents.add("keyword", fmt::format("{} belongs to {}", called(label), lower(group)));
  if (!entry.contains("noun")) return;
  const auto noun = entry.at("noun").get<std::string>();
  const auto hypernyms = entry.value("hypernyms", std::vector<std::string>());
  for (size_t i = 0; i < std::min<size_t>(hypernyms.size(), 3); ++i) {
    documents.add("knowledge", fmt::format("{} is a kind of {}", called(label), hypernyms[i]));
    if (i == 0) documents.add("knowledge", fmt::format("<question>what is {}?<answer>a kind of {}", called(label), hypernyms[i]));
  }
  const auto gloss = entry.value("gloss", "");
  if (!gloss.empty()) {
    documents.add("knowledge", fmt::format("{}: {}", noun, gloss));
    documents.add("knowledge", fmt::format("<question>what is {}?<answer>{}", called(noun), gloss));
  }
}

void add_nouns(Documents& documents) {
  const std::vector<std::string>& kinds = askable_kinds();
  const std::vector<Noun>& all = Nouns::instance().all();
  for (size_t i = 0; i < all.size(); ++i) {
    const Noun& noun = all[i];
    base::Random random(kKnowledgeSeed, 1, i);
    const std::string one = with_article(noun.word);
    documents.add("knowledge", fmt::format("one {}, two {}", noun.word, noun.plural));
    for (const std::string& also : noun.also)
      documents.add("knowledge", random.chance(0.5) ? fmt::format("{} can be called {}", one, called(also)) : fmt::format("{}, {}", noun.word, also));
    for (const std::string& kind : kinds) {
      const std::string asked = kind == "food" ? kind : with_article(kind);
      if (is_a(noun, kind)) {
        documents.add("knowledge", fmt::format("{} is {}", one, asked));
        documents.add("knowledge", fmt::format("{} are {}", noun.plural, plural_of_kind(kind)));
        documents.add("knowledge", fmt::format("<question>is {} {}?<answer>yes", one, asked));
      } else if (surely_not(noun, kind) && random.chance(0.2)) {
        documents.add("knowledge", fmt::format("<question>is {} {}?<answer>no", one, asked));
      }
    }
  }
}

}  // namespace

void add_knowledge(const Corpus& corpus, Documents& documents) {
  const std::filesystem::path path = corpus.folder() / "knowledge.jsonl";
  const std::string text = base::read_file(path);
  uint64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string what = fmt::format("{} line {}", path.string(), ++line_number);
    const base::json entry = base::parse_json(std::string_view(text).substr(begin, end - begin), what);
    CHECK_FILE(entry.is_object() && entry.contains("labels") && entry["labels"].is_array() && !entry["labels"].empty() && entry.contains("tags"), what,
               "has no labels or no tags; build the corpus again");
    base::Random random(kKnowledgeSeed, 0, line_number);
    add_concept(entry, random, documents);
    begin = end + 1;
  }
  add_nouns(documents);
}

}  // namespace atelier::corpus
