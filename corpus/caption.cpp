#include "corpus/corpus.h"
#include "corpus/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace atelier::corpus {
namespace {

// Up to `most` tags that say something the title does not, in an order of their own.
std::vector<std::string> some_tags(const Picture& picture, int64_t most, base::Random& random) {
  const std::vector<std::string> title = words(picture.title);
  std::vector<std::string> left;
  for (const std::string& tag : picture.tags)
    if (std::find(title.begin(), title.end(), tag) == title.end()) left.push_back(tag);
  std::vector<std::string> out;
  while (!left.empty() && static_cast<int64_t>(out.size()) < most) {
    const auto at = left.begin() + random.below(static_cast<int64_t>(left.size()));
    out.push_back(*at);
    left.erase(at);
  }
  return out;
}

}  // namespace

std::string caption(const Picture& picture, base::Random& random) {
  // Words for actions and states of programs ("add image") bear no article; nouns do.
  const bool noun = picture.kind != "icon" && takes_article(picture.title);
  const std::string bare = picture.title;
  const std::string full = noun ? fmt::format("{} {}", article(bare), bare) : bare;
  const std::string& style = picture.style;
  switch (random.below(8)) {
    case 0:
    case 1: return fmt::format("{}, {}", full, style);
    case 2: return fmt::format("{}, {}", bare, style);
    case 3: return fmt::format("{} of {}", style, full);
    case 4: return full;
    case 5: {
      const std::vector<std::string> tags = some_tags(picture, random.between(1, 3), random);
      return tags.empty() ? fmt::format("{}, {}", bare, style) : fmt::format("{}, {}, {}", bare, join(tags, ", "), style);
    }
    case 6: {
      const std::vector<std::string> tags = some_tags(picture, random.between(1, 2), random);
      return tags.empty() ? bare : fmt::format("{}, {}", full, join(tags, ", "));
    }
    default: {
      const bool manner = style.ends_with("style");  // "in noto style", "as a line icon", "as clip art"
      const std::string how = manner ? "in " + style : style.ends_with("art") ? "as " + style : fmt::format("as {} {}", article(style), style);
      return fmt::format("{} {} {}", random.chance(0.5) ? "a picture of" : "a drawing of", full, how);
    }
  }
}

}  // namespace atelier::corpus
