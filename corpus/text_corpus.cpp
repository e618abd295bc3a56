#include "corpus/text_corpus.h"

#include "corpus/english.h"
#include "corpus/scene_draft.h"
#include "corpus/sources.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/files.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr uint64_t kCorpusSeed = 20240;
constexpr int64_t kCaptions = 490'000, kCaptionsAPicture = 24;  // drawn: the fewer of the two totals
constexpr double kPictureQuestion = 0.06;                       // share of captions that a question follows
constexpr int64_t kScenes = 64'000;
constexpr double kSceneQuestions = 0.4;                         // share of scenes with questions behind the caption

/// Draws rows by their weights.
class Rows {
 public:
  explicit Rows(const Corpus& corpus) {
    double sum = 0;
    for (int64_t i = 0; i < corpus.size(); ++i) {
      if (corpus.picture(i).split != Split::train || corpus.weight(i) <= 0) continue;
      rows_.push_back(i);
      sums_.push_back(sum += corpus.weight(i));
    }
    REQUIRE(!rows_.empty(), "the corpus in {} has no training pictures", corpus.folder().string());
  }
  int64_t size() const { return static_cast<int64_t>(rows_.size()); }
  int64_t operator[](int64_t i) const { return rows_[i]; }
  int64_t draw(base::Random& random) const { return rows_[random.weighted(sums_)]; }

 private:
  std::vector<int64_t> rows_;
  std::vector<double> sums_;
};

std::string titled(const Picture& picture) {
  return picture.kind != "icon" && takes_article(picture.title) ? with_article(picture.title) : picture.title;
}

/// A question that the caption answers, or that knowledge of what it names answers.
std::string picture_question(const Picture& picture, const std::string& text, base::Random& random) {
  const int64_t noun = Nouns::instance().of(picture);
  const std::string shown = fmt::format("<caption>{}", text);
  const bool names_style = text.find(picture.style) != std::string::npos;
  if (noun >= 0 && random.chance(0.5)) {
    const Noun& thing = Nouns::instance().all()[noun];
    const std::vector<std::string>& kinds = askable_kinds();
    const std::string& kind = kinds[random.below(static_cast<int64_t>(kinds.size()))];
    const std::string asked = kind == "food" ? kind : with_article(kind);
    if (is_a(thing, kind)) return fmt::format("{}<question>is this {}?<answer>yes", shown, asked);
    if (surely_not(thing, kind) && random.chance(0.3)) return fmt::format("{}<question>is this {}?<answer>no", shown, asked);
  }
  if (names_style && random.chance(0.4))
    return fmt::format("{}<question>{}<answer>{}", shown, random.chance(0.5) ? "what style is it?" : "in what style is this drawn?", picture.style);
  return fmt::format("{}<question>{}<answer>{}", shown, random.chance(0.5) ? "what is this?" : "what is in the picture?", titled(picture));
}

/// Captions as they stand beside pictures in the joint model's sequences, whose text tower is frozen later: it must know
/// by then that a picture may open behind a caption, and what follows one that was closed.
std::string beside_picture(const std::string& text, base::Random& random) {
  const double place = random.uniform();
  return place < 0.35 ? text + "<boi>" : place < 0.5 ? "<boi><eoi>" + text : text;
}

}  // namespace

void Documents::add(const char* kind, std::string_view document) {
  if (document.empty() || document.find('\n') != std::string_view::npos || HeldOut::instance().names_one(document)) return;
  spans_.push_back({text_.size(), static_cast<uint32_t>(document.size())});
  text_ += document;
  ++counts_[kind];
}

void Documents::shuffle(uint64_t seed) {
  base::Random random(seed, spans_.size());
  for (auto i = static_cast<int64_t>(spans_.size()) - 1; i > 0; --i) std::swap(spans_[i], spans_[random.below(i + 1)]);
}

void Documents::write(const std::filesystem::path& path) const {
  std::string text;
  for (int64_t i = 0; i < size(); ++i) text.append((*this)[i]).append("\n");
  base::write_file(path, text);
}

void add_captions(const Corpus& corpus, Documents& documents) {
  const Rows rows(corpus);
  const int64_t count = std::min(kCaptions, kCaptionsAPicture * rows.size());
  for (int64_t i = 0; i < count; ++i) {
    base::Random random(kCorpusSeed, 1, static_cast<uint64_t>(i));
    // Every picture once, whatever its weight: the rarest word must be in the text.
    const Picture& picture = corpus.picture(i < rows.size() ? rows[i] : rows.draw(random));
    const std::string text = caption(picture, random);
    if (random.chance(kPictureQuestion)) documents.add("picture question", picture_question(picture, text, random));
    else documents.add("caption", beside_picture(text, random));
  }
}

void add_scenes(const Corpus& corpus, Documents& documents) {
  const Stock stock(corpus);
  for (int64_t i = 0; i < kScenes; ++i) {
    base::Random random(kCorpusSeed, 2, static_cast<uint64_t>(i));
    const Draft draft = draft_scene(stock, random, false);
    const std::string background = choose_background(random).name;
    const SaidScene said = say_scene(stock, draft, background, random);
    if (!random.chance(kSceneQuestions)) {
      documents.add("scene caption", beside_picture(said.caption, random));
      continue;
    }
    std::vector<Asked> questions = scene_questions(stock, draft, background, false, random);
    std::string document = "<caption>" + said.caption;
    for (int64_t left = random.between(2, 5); left > 0 && !questions.empty(); --left) {
      const auto at = questions.begin() + random.below(static_cast<int64_t>(questions.size()));
      document += fmt::format("<question>{}<answer>{}", at->question, answer_from_caption(*at, said));
      questions.erase(at);
    }
    documents.add("scene questions", document);
  }
}

Documents text_documents(const Corpus& corpus) {
  Documents documents;
  add_wordnet(fetched(corpus.folder(), "wordnet-base") / "usr/share/wordnet", documents);
  add_knowledge(corpus, documents);
  add_captions(corpus, documents);
  add_scenes(corpus, documents);
  documents.shuffle(kCorpusSeed);
  return documents;
}

std::map<std::string, int64_t> write_text_file(const Corpus& corpus, const std::filesystem::path& path) {
  const Documents documents = text_documents(corpus);
  documents.write(path);
  return documents.counts();
}

}  // namespace atelier::corpus
