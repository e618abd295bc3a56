#pragma once
/// Training text for the text tower, a document a line, deterministic: WordNet glosses and relations, CLDR labels and
/// keywords in sentences, captions, scene descriptions, questions and answers. Control symbols (<caption>, <question>,
/// <answer>) are written out: whoever packs the text parses them. A part is a function, in text_*.cpp.
#include "corpus/corpus.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::corpus {

/// Collects documents, UTF-8 without line breaks; those with a held-out name never get in.
class Documents {
 public:
  /// @param kind  for the counts: "caption", "gloss", ...
  void add(const char* kind, std::string_view document);
  /// The same order for the same documents, whatever the machine.
  void shuffle(uint64_t seed);
  int64_t size() const { return static_cast<int64_t>(spans_.size()); }
  std::string_view operator[](int64_t i) const { return std::string_view(text_).substr(spans_[i].begin, spans_[i].size); }
  /// A document a line, atomically.
  void write(const std::filesystem::path& path) const;
  const std::map<std::string, int64_t>& counts() const { return counts_; }

 private:
  struct Span {
    size_t begin;
    uint32_t size;
  };
  std::string text_;
  std::vector<Span> spans_;
  std::map<std::string, int64_t> counts_;
};

/// WordNet: what words mean, what things are kinds and parts of, opposites, examples of use.
/// @param dict  the folder with data.noun, data.verb, data.adj, data.adv (wndb(5WN)). @throws InvalidFile
void add_wordnet(const std::filesystem::path& dict, Documents& documents);

/// knowledge.jsonl (CLDR labels, keywords and groups, WordNet senses of concepts) and the kinds of corpus/nouns.inc.
void add_knowledge(const Corpus& corpus, Documents& documents);

/// Captions of the training pictures by their sampling weights, and questions about them.
void add_captions(const Corpus& corpus, Documents& documents);

/// Captions of scenes, with questions and answers and without.
void add_scenes(const Corpus& corpus, Documents& documents);

/// Scenes described for a question (description.h), with it, up to four others that are about the same things, and the answers; a
/// fifth of them for none, as people would say it, with any questions. No part of the text below, but what whoever answers from
/// descriptions is tuned on.
Documents described_scenes(const Corpus& corpus, int64_t count, uint64_t seed);

/// The whole text, shuffled.
Documents text_documents(const Corpus& corpus);

/// The whole text into a file, atomically. It is a part of the corpus: text.txt in its folder.
/// @return documents by kind: "caption", "scene caption", "picture question", "keyword", "gloss", "relation", ...
std::map<std::string, int64_t> write_text_file(const Corpus& corpus, const std::filesystem::path& path);

}  // namespace atelier::corpus
