#include "promptcap/data/picture_questions.h"

#include "corpus/english.h"
#include "corpus/nouns.h"
#include "corpus/words.h"
#include "promptcap/scoring.h"

#include <fmt/format.h>

#include <array>

namespace atelier::promptcap {
namespace {

using corpus::Noun, corpus::Nouns, corpus::with_article;

std::string one_of(base::Random& random, std::initializer_list<const char*> choices) {
  return *(choices.begin() + random.below(static_cast<int64_t>(choices.size())));
}

/// A noun that the picture could not be called; null if chance finds none.
const Noun* absent(const Noun& there, base::Random& random) {
  const std::vector<Noun>& all = Nouns::instance().all();
  for (int tries = 0; tries < 20; ++tries) {
    const Noun& candidate = all[random.below(static_cast<int64_t>(all.size()))];
    if (!Nouns::confusable(candidate, there) && !corpus::HeldOut::instance().names_one(candidate.word)) return &candidate;
  }
  return nullptr;
}

std::string kind_with_article(const std::string& kind) { return kind == "food" ? kind : with_article(kind); }

}  // namespace

std::vector<AskedPicture> picture_questions(const corpus::Picture& picture, base::Random& random) {
  const std::string thing = picture.kind != "icon" && corpus::takes_article(picture.title) ? with_article(picture.title) : picture.title;
  const std::string styled = fmt::format("{}, {}", thing, picture.style);
  std::vector<AskedPicture> asked;
  const auto add = [&](const char* kind, std::string question, std::string answer, std::vector<std::string> captions) {
    asked.push_back({{kind, std::move(question), std::move(answer)}, std::move(captions)});
  };
  add("what", one_of(random, {"what is this?", "what is in the picture?", "what is shown?"}), thing, {thing});
  add("what", one_of(random, {"what style is it?", "in what style is this drawn?"}), picture.style, {styled});
  const int64_t row = Nouns::instance().of(picture);
  if (row < 0) return asked;
  const Noun& noun = Nouns::instance().all()[row];
  const std::vector<std::string>& kinds = corpus::askable_kinds();
  for (int tries = 0; tries < 8; ++tries) {
    const std::string& kind = kinds[random.below(static_cast<int64_t>(kinds.size()))];
    const bool yes = corpus::is_a(noun, kind);
    // Most things are of few kinds: as many of them as of the others.
    if (!yes && (!corpus::surely_not(noun, kind) || tries < 6)) continue;
    add("knowledge", fmt::format("is this {}?", kind_with_article(kind)), yes ? "yes" : "no", {thing, styled});
    break;
  }
  const Noun* other = absent(noun, random);
  if (!other) return asked;
  const bool yes = random.chance(0.5);
  add("yesno", fmt::format("is there {}?", with_article(yes ? noun.word : other->word)), yes ? "yes" : "no", {thing, styled});
  add("unanswerable", random.chance(0.5) ? fmt::format("what color is the {}?", other->word) : fmt::format("where is the {}?", other->word), kCannotTell, {thing, styled});
  return asked;
}

}  // namespace atelier::promptcap
