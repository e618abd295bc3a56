#include "corpus/scene_draft.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace atelier::corpus {
namespace {

constexpr int64_t kFewestNouns = 12;     // below, "two different things" would hardly vary
constexpr int64_t kFewestInStyle = 8;
constexpr double kMixedStyles = 0.1;     // share of scenes with every object from a style of its own
constexpr int64_t kGap = 2;              // pixels between objects, at least

bool one_in_twenty(uint64_t a, uint64_t b, uint64_t c) { return base::mix(a, b, c) % 20 == 0; }

bool apart(const Placed& a, const Placed& b) {
  return a.left + a.side + kGap <= b.left || b.left + b.side + kGap <= a.left || a.top + a.side + kGap <= b.top ||
         b.top + b.side + kGap <= a.top;
}

/// Throws the objects on the canvas until none overlaps; sides shrink a little after every failure.
void scatter(std::vector<Placed>& objects, base::Random& random) {
  for (;;) {
    size_t placed = 0;
    for (int64_t tries = 0; placed < objects.size() && tries < 200; ++tries) {
      Placed& object = objects[placed];
      object.left = random.between(1, kCanvas - 1 - object.side);
      object.top = random.between(1, kCanvas - 1 - object.side);
      if (std::all_of(objects.begin(), objects.begin() + placed, [&](const Placed& other) { return apart(object, other); }))
        ++placed;
    }
    if (placed == objects.size()) return;
    for (Placed& object : objects) object.side = std::max(kSmallest, object.side * 9 / 10);
  }
}

/// One beside the other from the left (or from the top), the free space shared out at random, nearly level.
void line_up(std::vector<Placed>& objects, bool across, int64_t jitter, base::Random& random) {
  int64_t used = 0;
  for (const Placed& object : objects) used += object.side;
  const auto n = static_cast<int64_t>(objects.size());
  int64_t free = kCanvas - 2 - used - (n - 1) * kGap;
  ASSERT(free >= 0);
  const int64_t level = kCanvas / 2 + random.between(-16, 16);
  int64_t at = 1;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t skip = random.below(free / (n - i + 1) + 1) + (i == 0 ? 0 : free / (n + 1) / 2);
    at += std::min(skip, free);
    free -= std::min(skip, free);
    Placed& object = objects[i];
    const int64_t middle = std::clamp(level + random.between(-jitter, jitter) - object.side / 2, int64_t{1}, kCanvas - 1 - object.side);
    (across ? object.left : object.top) = at;
    (across ? object.top : object.left) = middle;
    at += object.side + kGap;
  }
}

void put_in_cell(Placed& object, int64_t column, int64_t row, int64_t columns, int64_t rows, base::Random& random) {
  const int64_t width = kCanvas / columns, height = kCanvas / rows;
  ASSERT(object.side + 2 <= std::min(width, height));
  const int64_t jitter_x = std::min<int64_t>(6, (width - object.side) / 2 - 1), jitter_y = std::min<int64_t>(6, (height - object.side) / 2 - 1);
  object.left = column * width + (width - object.side) / 2 + random.between(-jitter_x, jitter_x);
  object.top = row * height + (height - object.side) / 2 + random.between(-jitter_y, jitter_y);
}

void put_at_position(Draft& draft, base::Random& random) {
  Placed& object = draft.objects[0];
  if (random.chance(0.3)) {  // nowhere in particular: large, about the middle
    object.side = random.between(64, 116);
    const int64_t free = kCanvas - object.side, jitter = std::min<int64_t>(free / 2 - 1, 12);
    object.left = free / 2 + random.between(-jitter, jitter);
    object.top = free / 2 + random.between(-jitter, jitter);
    return;
  }
  draft.position = static_cast<int>(random.below(9));
  object.side = draft.position == 4 ? random.between(32, 84) : random.between(30, 56);
  const auto along = [&](int64_t third) {
    const int64_t end = kCanvas - 2 - object.side;
    if (third == 1) return kCanvas / 2 - object.side / 2 + random.between(-5, 5);
    const int64_t slack = random.below(10);
    return third == 0 ? 2 + std::min(slack, end) : end - slack;
  };
  object.left = along(draft.position % 3);
  object.top = along(draft.position / 3);
}

void set_sides(std::vector<Placed>& objects, int64_t low, int64_t high, bool alike, base::Random& random) {
  const int64_t side = random.between(low, high);
  for (Placed& object : objects) object.side = alike ? side : random.between(low, high);
}

}  // namespace

const char* name(SceneKind kind) {
  static constexpr std::array<const char*, 7> kNames = {"single", "pair", "relation", "colours", "count", "two_counts", "grid"};
  return kNames[static_cast<size_t>(kind)];
}

const char* words_of(Relation relation) {
  static constexpr std::array<const char*, 4> kWords = {"left of", "right of", "above", "below"};
  return kWords[static_cast<size_t>(relation)];
}

Relation opposite(Relation relation) {
  static constexpr std::array<Relation, 4> kOpposites = {Relation::right, Relation::left, Relation::below, Relation::above};
  return kOpposites[static_cast<size_t>(relation)];
}

std::optional<Relation> clear_relation(const Placed& a, const Placed& b) {
  const int64_t dx = (b.left * 2 + b.side) - (a.left * 2 + a.side), dy = (b.top * 2 + b.side) - (a.top * 2 + a.side);
  if (std::abs(dy) * 2 <= std::abs(dx)) {
    if (a.left + a.side <= b.left) return Relation::left;
    if (b.left + b.side <= a.left) return Relation::right;
  }
  if (std::abs(dx) * 2 <= std::abs(dy)) {
    if (a.top + a.side <= b.top) return Relation::above;
    if (b.top + b.side <= a.top) return Relation::below;
  }
  return std::nullopt;
}

bool held_out(std::string_view colour, std::string_view noun) { return one_in_twenty(base::hash("colour"), base::hash(colour), base::hash(noun)); }

bool held_out(std::string_view a, Relation relation, std::string_view b) {
  if (relation == Relation::right || relation == Relation::below) {
    std::swap(a, b);
    relation = opposite(relation);
  }
  return one_in_twenty(base::hash(words_of(relation)), base::hash(a), base::hash(b));
}

Stock::Stock(const Corpus& corpus, Split split) {
  const Nouns& nouns = Nouns::instance();
  const HeldOut& held_out_names = HeldOut::instance();
  std::vector<bool> allowed;
  for (const Noun& noun : nouns.all()) {
    bool fine = !held_out_names.names_one(noun.word) && !held_out_names.names_one(noun.plural);
    for (const std::string& kind : noun.kinds) fine = fine && !held_out_names.names_one(kind);
    allowed.push_back(fine);
  }

  std::map<std::string, std::map<int64_t, std::vector<int64_t>>> by_style;
  std::map<int64_t, std::vector<int64_t>> icons;
  std::string icon_style;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const Picture& picture = corpus.picture(i);
    if (picture.split != split || (split == Split::train && corpus.weight(i) <= 0) || picture.skin_tone) continue;
    if (held_out_names.is_concept(picture.concept_id) || held_out_names.names_one(picture.style)) continue;
    const int64_t noun = nouns.of(picture);
    if (noun < 0 || !allowed[noun]) continue;
    if (corpus::tintable(picture)) {
      icons[noun].push_back(i);
      icon_style = picture.style;
    } else if (picture.kind == "emoji") {  // clean cut-outs; clip art and icons bring frames and grounds of their own
      by_style[picture.style][noun].push_back(i);
    }
  }

  const auto can_fill_a_grid = [&](const std::map<int64_t, std::vector<int64_t>>& pictures) {
    if (static_cast<int64_t>(pictures.size()) < kFewestInStyle) return false;
    std::vector<int64_t> apart;
    for (const auto& [candidate, rows] : pictures)
      if (std::none_of(apart.begin(), apart.end(), [&](int64_t other) { return Nouns::confusable(noun(candidate), noun(other)); }))
        apart.push_back(candidate);
    return apart.size() >= 4;
  };
  std::set<int64_t> present;
  const auto set_of = [&](std::string style, const std::map<int64_t, std::vector<int64_t>>& pictures) {
    StyleSet set{std::move(style), {}, {}};
    for (const auto& [noun, rows] : pictures) {
      set.nouns.push_back(noun);
      set.pictures.push_back(rows);
      present.insert(noun);
    }
    return set;
  };
  double sum = 0;
  for (const auto& [style, pictures] : by_style) {
    if (!can_fill_a_grid(pictures)) continue;
    styles_.push_back(set_of(style, pictures));
    style_sums_.push_back(sum += std::sqrt(static_cast<double>(pictures.size())));
  }
  if (can_fill_a_grid(icons)) tintable_ = set_of(icon_style, icons);
  REQUIRE(!styles_.empty() && static_cast<int64_t>(present.size()) >= kFewestNouns,
          "scenes need pictures of at least {} of the nouns in corpus/nouns.inc, {} of them in one style; the corpus has {}",
          kFewestNouns, kFewestInStyle, present.size());

  nouns_.assign(present.begin(), present.end());
  confusable_.assign(nouns.all().size(), std::vector<bool>(nouns.all().size(), true));
  for (const int64_t a : nouns_) {
    domains_[noun(a).domain()].push_back(a);
    for (const int64_t b : nouns_) confusable_[a][b] = Nouns::confusable(noun(a), noun(b));
  }
}

const StyleSet& Stock::choose_style(base::Random& random) const { return styles_[random.weighted(style_sums_)]; }

std::vector<Placed> Stock::choose(base::Random& random, const StyleSet* style, int64_t n) const {
  std::vector<Placed> objects;
  while (static_cast<int64_t>(objects.size()) < n) {
    // A set so small that everything in it is confusable would never end; draw the first one anew now and then.
    objects.clear();
    for (int64_t tries = 0; tries < 50 && static_cast<int64_t>(objects.size()) < n; ++tries) {
      const StyleSet& set = style ? *style : choose_style(random);
      const int64_t i = random.below(static_cast<int64_t>(set.nouns.size()));
      Placed object;
      object.noun = set.nouns[i];
      object.picture = set.pictures[i][random.below(static_cast<int64_t>(set.pictures[i].size()))];
      if (std::none_of(objects.begin(), objects.end(), [&](const Placed& other) { return confusable_[object.noun][other.noun]; }))
        objects.push_back(object);
    }
  }
  return objects;
}

Draft Stock::draft(base::Random& random, SceneKind kind, bool tinted) const {
  ASSERT(!tinted || !tintable_.nouns.empty());
  Draft draft;
  draft.kind = kind;
  draft.style = tinted ? &tintable_ : random.chance(kMixedStyles) ? nullptr : &choose_style(random);
  std::vector<Placed>& objects = draft.objects;
  const auto choose_objects = [&](int64_t n) { return choose(random, draft.style, n); };
  const auto lined_up = [&](int64_t n) {
    draft.arrangement = random.chance(0.5) ? Arrangement::row : Arrangement::column;
    if (n == 2) set_sides(objects, 34, 58, random.chance(0.4), random);
    else set_sides(objects, 28, 38, random.chance(0.4), random);
    line_up(objects, draft.arrangement == Arrangement::row, n == 2 ? 8 : 5, random);
  };

  switch (kind) {
    case SceneKind::single:
      objects = choose_objects(1);
      put_at_position(draft, random);
      break;
    case SceneKind::pair:
      objects = choose_objects(random.chance(0.75) ? 2 : 3);
      set_sides(objects, objects.size() == 2 ? 38 : 32, objects.size() == 2 ? 60 : 48, random.chance(0.4), random);
      scatter(objects, random);
      break;
    case SceneKind::relation:
      objects = choose_objects(random.chance(0.8) ? 2 : 3);
      lined_up(static_cast<int64_t>(objects.size()));
      break;
    case SceneKind::colours: {
      const int64_t n = random.chance(0.75) ? 2 : 3;
      if (random.chance(0.2)) objects.assign(n, choose_objects(1)[0]);  // the same thing in several colours
      else objects = choose_objects(n);
      if (random.chance(0.5)) {
        lined_up(n);
      } else {
        set_sides(objects, n == 2 ? 38 : 32, n == 2 ? 60 : 48, random.chance(0.4), random);
        scatter(objects, random);
      }
      break;
    }
    case SceneKind::count: {
      const int64_t n = random.between(2, 6);
      objects.assign(n, choose_objects(1)[0]);
      const int64_t largest = n == 2 ? 56 : n == 3 ? 46 : n == 4 ? 42 : 34;
      if (n <= 4 && random.chance(0.25)) {
        set_sides(objects, kSmallest, std::min(largest, (kCanvas - 10) / n - 2), true, random);
        draft.arrangement = random.chance(0.7) ? Arrangement::row : Arrangement::column;
        line_up(objects, draft.arrangement == Arrangement::row, 2, random);
      } else {
        set_sides(objects, kSmallest + 2, largest, random.chance(0.7), random);
        scatter(objects, random);
      }
      break;
    }
    case SceneKind::two_counts: {
      const std::vector<Placed> both = choose_objects(2);
      int64_t first = random.between(1, 4), second = random.between(1, 4);
      if (first + second == 2) ++first;
      objects.assign(first, both[0]);
      objects.insert(objects.end(), second, both[1]);
      set_sides(objects, kSmallest, first + second <= 4 ? 40 : 30, random.chance(0.7), random);
      scatter(objects, random);
      break;
    }
    case SceneKind::grid:
      objects = choose_objects(4);
      set_sides(objects, 38, 56, random.chance(0.5), random);
      for (int64_t i = 0; i < 4; ++i) put_in_cell(objects[i], i % 2, i / 2, 2, 2, random);
      break;
  }

  if (tinted) {
    const bool one_colour = kind == SceneKind::count || random.chance(0.1);
    const auto colour = static_cast<int>(random.below(kColours.size()));
    for (size_t i = 0; i < objects.size(); ++i) {
      if (kind == SceneKind::two_counts && i > 0 && objects[i].noun == objects[i - 1].noun) {
        objects[i].colour = objects[i - 1].colour;  // "two red keys and three blue cups"
        continue;
      }
      objects[i].colour = one_colour ? colour : static_cast<int>(random.below(kColours.size()));
      const auto taken = [&](const Placed& other) { return other.noun == objects[i].noun && other.colour == objects[i].colour; };
      while (kind == SceneKind::colours && std::any_of(objects.begin(), objects.begin() + i, taken))
        objects[i].colour = static_cast<int>(random.below(kColours.size()));
    }
  }
  return draft;
}

int64_t Stock::held_out_combinations(const Draft& draft) const {
  int64_t count = 0;
  for (size_t i = 0; i < draft.objects.size(); ++i) {
    const Placed& a = draft.objects[i];
    if (a.colour >= 0 && held_out(kColours[a.colour].name, noun(a.noun).word)) ++count;
    for (size_t j = 0; j < i; ++j) {
      const Placed& b = draft.objects[j];
      if (a.noun == b.noun) continue;
      const std::optional<Relation> relation = clear_relation(a, b);
      if (relation && held_out(noun(a.noun).word, *relation, noun(b.noun).word)) ++count;
    }
  }
  return count;
}

}  // namespace atelier::corpus
