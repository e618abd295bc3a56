#include "corpus/description.h"

#include "corpus/english.h"
#include "corpus/scene_draft.h"
#include "corpus/words.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace atelier::corpus {
namespace {

constexpr double kThirds[] = {0.4, 0.6};   // of the picture's side: where a middle is called neither left nor right
constexpr double kFills = 0.6;             // of the picture's side: a thing that has no place in it
constexpr double kClearlyBigger = 1.4;     // of the longer sides
constexpr size_t kMostRelated = 4;         // things; among more, what is beside what would be a list of its own

/// What one phrase counts.
struct Group {
  const DescribedThing* first;
  int64_t count;

  std::string name() const { return first->colour.empty() ? first->noun : first->colour + " " + first->noun; }
};

std::vector<Group> groups_of(const Description& description) {
  std::vector<Group> groups;
  for (const DescribedThing& thing : description.things) {
    const auto same = [&](const Group& group) { return group.first->noun == thing.noun && group.first->colour == thing.colour; };
    if (const auto found = std::ranges::find_if(groups, same); found != groups.end()) ++found->count;
    else groups.push_back({&thing, 1});
  }
  return groups;
}

double middle_x(const DescribedThing& thing) { return thing.left + thing.width / 2; }
double middle_y(const DescribedThing& thing) { return thing.top + thing.height / 2; }
double side(const DescribedThing& thing) { return std::max(thing.width, thing.height); }

/// "in the top left corner"; of four things with a quarter each: "in the top left".
std::string place(const DescribedThing& thing, bool in_quarters) {
  if (in_quarters) return kCells[(middle_y(thing) > 0.5 ? 2 : 0) + (middle_x(thing) > 0.5 ? 1 : 0)];
  const auto third = [](double at) { return at < kThirds[0] ? 0 : at > kThirds[1] ? 2 : 1; };
  return kPositions[3 * third(middle_y(thing)) + third(middle_x(thing))];
}

bool in_quarters(const std::vector<DescribedThing>& things) {
  std::vector<std::string> cells;
  for (const DescribedThing& thing : things) cells.push_back(place(thing, true));
  std::ranges::sort(cells);
  return things.size() == kCells.size() && std::ranges::adjacent_find(cells) == cells.end();
}

/// As clear_relation() of drafts: the boxes apart along one axis and nearly level on the other; nullptr: neither.
const char* relation(const DescribedThing& a, const DescribedThing& b) {
  const double dx = middle_x(b) - middle_x(a), dy = middle_y(b) - middle_y(a);
  if (2 * std::abs(dy) <= std::abs(dx)) {
    if (a.left + a.width <= b.left) return words_of(Relation::left);
    if (b.left + b.width <= a.left) return words_of(Relation::right);
  }
  if (2 * std::abs(dx) <= std::abs(dy)) {
    if (a.top + a.height <= b.top) return words_of(Relation::above);
    if (b.top + b.height <= a.top) return words_of(Relation::below);
  }
  return nullptr;
}

/// @param fills  the only thing has no place
std::string listed(const Description& description, bool fills) {
  const bool quarters = in_quarters(description.things);
  std::vector<std::string> phrases;
  for (const Group& group : groups_of(description)) {
    std::string one = group.count == 1 ? with_article(group.name()) : fmt::format("{} {}", number_word(group.count), plural(group.name()));
    if (group.count == 1 && !fills) one += fmt::format(" {}", place(*group.first, quarters));
    phrases.push_back(std::move(one));
  }
  std::string said = phrases.empty() ? "nothing" : list(phrases);
  if (!description.ground.empty())
    said += description.ground.find(" fading to ") == std::string::npos ? fmt::format(" on {} background", with_article(description.ground))
                                                                         : fmt::format(" on a background of {}", description.ground);
  return description.style.empty() ? said : fmt::format("{}, {}", said, description.style);
}

}  // namespace

std::string caption_of(const Description& description) {
  Description said = description;
  if (said.ground == "white") said.ground.clear();
  return listed(said, /*fills=*/said.things.size() == 1 && side(said.things[0]) > kFills);
}

std::string describe(const Description& description, const std::vector<std::string>& about) {
  std::string said = listed(description, /*fills=*/false);
  const std::vector<Group> groups = groups_of(description);
  for (const std::string& noun : about) {
    const auto called_so = [&](const Group& group) { return group.first->noun == noun; };
    const auto found = std::ranges::find_if(groups, called_so);
    if (found == groups.end() || found->first->colour.empty() || std::ranges::count_if(groups, called_so) > 1) continue;
    said += found->count == 1 ? fmt::format(". the {} is {}", noun, found->first->colour) : fmt::format(". the {} are {}", plural(noun), found->first->colour);
  }
  if (groups.size() > kMostRelated) return said;
  const auto tell = [&](const Group& a, const Group& b) {
    if (const char* words = relation(*a.first, *b.first)) said += fmt::format(". the {} is {} the {}", a.name(), words, b.name());
    const double larger = side(*a.first) / side(*b.first);
    if (larger >= kClearlyBigger) said += fmt::format(". the {} is bigger than the {}", a.name(), b.name());
    if (larger <= 1 / kClearlyBigger) said += fmt::format(". the {} is smaller than the {}", a.name(), b.name());
  };
  // What is asked about comes last, so that what is said of it stands next to the question; of two things the one that is named first.
  const auto asked = [&](const Group& group) { return std::ranges::find(about, group.first->noun) - about.begin(); };
  const auto none = static_cast<ptrdiff_t>(about.size());
  std::vector<std::pair<const Group*, const Group*>> pairs;
  for (const Group& a : groups)
    for (const Group& b : groups)
      if (a.count == 1 && b.count == 1 && (about.empty() ? &a < &b : &a != &b && std::min(asked(a), asked(b)) < none)) pairs.emplace_back(&a, &b);
  std::ranges::stable_sort(pairs, std::greater(), [&](const auto& pair) { return asked(*pair.first); });
  for (const auto& [a, b] : pairs) tell(*a, *b);
  return said;
}

}  // namespace atelier::corpus
