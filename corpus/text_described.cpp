// Scenes described in full, and all that can be asked about them: what a language model learns to answer from.
#include "corpus/description.h"
#include "corpus/scene_draft.h"
#include "corpus/text_corpus.h"
#include "corpus/words.h"

#include <algorithm>
#include <map>

namespace atelier::corpus {
namespace {

constexpr int kRounds = 3;           // of questions about a scene, to choose from
constexpr int kAsked[] = {2, 5};     // questions behind one description
constexpr double kNameStyle = 0.85;  // where all things share one
constexpr double kGeneric = 0.2;     // descriptions for no question
constexpr double kAgain = 0.7;       // how often a question that names nothing that is there is put back

Description description_of(const Stock& stock, const Draft& draft, const std::string& background, bool name_style) {
  Description description = {{}, background, name_style && draft.style ? draft.style->style : ""};
  for (const Placed& object : draft.objects) {
    const auto share = [](int64_t pixels) { return static_cast<double>(pixels) / kCanvas; };
    description.things.push_back({stock.noun(object.noun).word, object.colour >= 0 ? kColours[object.colour].name : "", share(object.left),
                                  share(object.top), share(object.side), share(object.side)});
  }
  return description;
}

/// Those of the draft's nouns that a question says, in singular or plural, in its order.
std::vector<std::string> nouns_in(const std::string& question, const Stock& stock, const Draft& draft) {
  const std::string asked = fmt::format(" {} ", join(words(question), " "));
  std::map<size_t, std::string> said;  // by where
  for (const Placed& object : draft.objects) {
    const Noun& noun = stock.noun(object.noun);
    for (const std::string& form : {noun.plural, noun.word})
      if (const size_t at = asked.find(fmt::format(" {} ", join(words(form), " "))); at != asked.npos) said[at] = noun.word;
  }
  std::vector<std::string> nouns;
  for (const auto& [at, noun] : said)
    if (std::ranges::find(nouns, noun) == nouns.end()) nouns.push_back(noun);
  return nouns;
}

}  // namespace

Documents described_scenes(const Corpus& corpus, int64_t count, uint64_t seed) {
  const Stock stock(corpus);
  Documents documents;
  for (int64_t i = 0; i < count; ++i) {
    base::Random random(seed, 4, static_cast<uint64_t>(i));
    const Draft draft = draft_scene(stock, random, false);
    const std::string background = choose_background(random).name;
    std::vector<Asked> questions;
    for (int round = 0; round < kRounds; ++round)
      for (Asked& asked : scene_questions(stock, draft, background, false, random)) questions.push_back(std::move(asked));
    const bool name_style = random.chance(kNameStyle), generic = random.chance(kGeneric);
    const Description description = description_of(stock, draft, background, name_style);
    // Described for one of them; the others are those that the same description would be given for.
    auto main = questions.begin() + random.below(static_cast<int64_t>(questions.size()));
    if (nouns_in(main->question, stock, draft).empty() && random.chance(kAgain)) main = questions.begin() + random.below(static_cast<int64_t>(questions.size()));
    std::swap(*main, questions.front());
    for (auto q = static_cast<int64_t>(questions.size()) - 1; q > 1; --q) std::swap(questions[q], questions[1 + random.below(q)]);
    const std::vector<std::string> about = nouns_in(questions.front().question, stock, draft);
    std::string document = "<caption>" + (generic ? caption_of(description) : describe(description, about));
    int64_t left = random.between(kAsked[0], kAsked[1]);
    for (const Asked& asked : questions) {
      if (left == 0) break;
      if (generic ? asked.need == Need::size : nouns_in(asked.question, stock, draft) != about) continue;
      const std::string question = fmt::format("<question>{}<answer>", asked.question);
      if (document.find(question) != document.npos) continue;
      document += question + (asked.need == Need::style && !name_style ? kCannotTell : asked.answer);
      --left;
    }
    documents.add("described scene", document);
  }
  return documents;
}

}  // namespace atelier::corpus
