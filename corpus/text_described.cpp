// Scenes described in full, and all that can be asked about them: what a language model learns to answer from.
#include "corpus/description.h"
#include "corpus/scene_draft.h"
#include "corpus/text_corpus.h"
#include "corpus/words.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr int kAsked[] = {2, 4};     // questions behind one description
constexpr double kNameStyle = 0.85;  // where all things share one

Description description_of(const Stock& stock, const Draft& draft, const std::string& background, bool name_style) {
  Description description = {{}, background, name_style && draft.style ? draft.style->style : ""};
  for (const Placed& object : draft.objects) {
    const auto share = [](int64_t pixels) { return static_cast<double>(pixels) / kCanvas; };
    description.things.push_back({stock.noun(object.noun).word, object.colour >= 0 ? kColours[object.colour].name : "", share(object.left),
                                  share(object.top), share(object.side), share(object.side)});
  }
  return description;
}

/// Those of the draft's nouns that a question says, in singular or plural.
std::vector<std::string> nouns_in(const std::string& question, const Stock& stock, const Draft& draft) {
  const std::string asked = fmt::format(" {} ", join(words(question), " "));
  std::vector<std::string> said;
  for (const Placed& object : draft.objects) {
    const Noun& noun = stock.noun(object.noun);
    for (const std::string& form : {noun.word, noun.plural})
      if (asked.find(fmt::format(" {} ", join(words(form), " "))) != asked.npos && std::ranges::find(said, noun.word) == said.end()) said.push_back(noun.word);
  }
  return said;
}

}  // namespace

Documents described_scenes(const Corpus& corpus, int64_t count, uint64_t seed) {
  const Stock stock(corpus);
  Documents documents;
  for (int64_t i = 0; i < count; ++i) {
    base::Random random(seed, 4, static_cast<uint64_t>(i));
    const Draft draft = draft_scene(stock, random, false);
    const std::string background = choose_background(random).name;
    std::vector<Asked> questions = scene_questions(stock, draft, background, false, random);
    const bool name_style = random.chance(kNameStyle);
    // Described for one of them; the others are those that need no more.
    const auto main = questions.begin() + random.below(static_cast<int64_t>(questions.size()));
    std::swap(*main, questions.front());
    std::string document = "<caption>" + describe(description_of(stock, draft, background, name_style), nouns_in(questions.front().question, stock, draft));
    int64_t left = random.between(kAsked[0], kAsked[1]);
    for (size_t q = 0; q < questions.size() && left > 0; ++q) {
      const Asked& asked = questions[q];
      if (q > 0 && (asked.need == Need::layout || asked.need == Need::size || random.chance(0.4))) continue;
      document += fmt::format("<question>{}<answer>{}", asked.question, asked.need == Need::style && !name_style ? kCannotTell : asked.answer);
      --left;
    }
    documents.add("described scene", document);
  }
  return documents;
}

}  // namespace atelier::corpus
