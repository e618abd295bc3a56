// Pictures: a scene with a corner cut out and two pieces, and shapes on paper to ask about.
#include "sketchpad/canvas.h"
#include "sketchpad/problems/phrases.h"
#include "sketchpad/problems/random_problems.h"

#include <map>

namespace atelier::sketchpad {
namespace {

using Picture = std::shared_ptr<const vision::Image>;

Colour any_colour(base::Random& random) {
  const auto channel = [&] { return static_cast<uint8_t>(random.between(20, 235)); };
  return {channel(), channel(), channel()};
}

/// Bands, discs and boxes in many colours: edges everywhere, so that a seam can be seen.
vision::Image scene(base::Random& random, int64_t width, int64_t height) {
  Canvas canvas(width, height);
  for (int i = 0; i < 8; ++i) canvas.highlight({0, i / 8.0, 1, 0.125}, any_colour(random), 1);
  for (int i = 0; i < 60; ++i) {
    const Colour colour = any_colour(random);
    const Point at{random.uniform(), random.uniform()};
    if (random.chance(0.5)) canvas.circle(at, 0.03 + 0.12 * random.uniform(), {.colour = colour, .width = 0, .fill = colour});
    else canvas.line(at, {random.uniform(), random.uniform()}, {.colour = colour, .width = 2 + 10 * random.uniform()});
  }
  return canvas.render();
}

struct Thing {
  std::string colour, kind;
  Box box;
  std::string name() const { return colour + " " + kind; }
};

void draw(Canvas& canvas, const Thing& thing) {
  const Colour colour = parse_colour(thing.colour);
  const Pen pen{.colour = colour, .width = 0, .fill = colour};
  const Box& b = thing.box;
  if (thing.kind == "circle") canvas.circle(b.centre(), b.width / 2, pen);
  else if (thing.kind == "triangle") canvas.polygon(std::vector<Point>{{b.x, b.y + b.height}, {b.x + b.width, b.y + b.height}, {b.x + b.width / 2, b.y}}, pen);
  else canvas.box(b, pen);
}

}  // namespace

RandomProblem random_jigsaw(base::Random& random) {
  const int64_t width = 2 * random.between(90, 140), height = 2 * random.between(80, 120);
  vision::Image whole = scene(random, width, height);
  const vision::Image other = scene(random, width, height);
  const auto piece = std::make_shared<const vision::Image>(vision::crop(whole, width / 2, height / 2, width / 2, height / 2));
  const auto wrong = std::make_shared<const vision::Image>(random.chance(0.5) ? vision::crop(other, 0, 0, width / 2, height / 2)
                                                                             : vision::crop(whole, 0, 0, width / 2, height / 2));
  for (int64_t y = height / 2; y < height; ++y)
    for (int64_t x = width / 2; x < width; ++x) std::fill_n(whole.at(x, y), 3, uint8_t{0});
  const bool second = random.chance(0.5);
  Problem problem{.choices = {"A", "B"}, .answer = second ? "A" : "B"};
  problem.pictures = {{"image_1", std::make_shared<const vision::Image>(std::move(whole))}, {"image_2", second ? piece : wrong}, {"image_3", second ? wrong : piece}};
  return {std::move(problem)};
}

RandomProblem random_picture(base::Random& random) {
  static const std::vector<std::string> kColours = {"red", "green", "blue", "yellow", "purple", "black"}, kKinds = {"circle", "triangle", "square", "rectangle"};
  Canvas canvas(480, 480);
  std::vector<Thing> things;
  const auto count = static_cast<size_t>(random.between(2, 7));
  // Few colours and kinds at a time, so that counts above one happen.
  const auto colours = random.between(1, 6), kinds = random.between(1, 4);
  std::vector<int64_t> cells;
  for (int64_t i = 0; i < 16; ++i) cells.push_back(i);
  for (size_t i = 0; i < count; ++i) {
    const auto at = random.below(static_cast<int64_t>(cells.size()));
    const int64_t cell = cells[static_cast<size_t>(at)];
    cells.erase(cells.begin() + at);
    Thing thing{kColours[static_cast<size_t>(random.below(colours))], kKinds[static_cast<size_t>(random.below(kinds))], {}};
    const double size = 0.1 + 0.1 * random.uniform();
    const double x = static_cast<double>(cell % 4) / 4 + 0.02 + 0.01 * random.uniform(), y = static_cast<double>(cell / 4) / 4 + 0.02 + 0.01 * random.uniform();
    thing.box = {x, y, size, thing.kind == "rectangle" ? size * 0.5 : size};
    draw(canvas, thing);
    things.push_back(std::move(thing));
  }
  std::map<std::string, int> names;
  for (const Thing& t : things) ++names[t.name()];
  const auto unique = [&]() -> const Thing* {
    std::vector<const Thing*> once;
    for (const Thing& t : things)
      if (names[t.name()] == 1) once.push_back(&t);
    return once.empty() ? nullptr : once[static_cast<size_t>(random.below(static_cast<int64_t>(once.size())))];
  };
  RandomProblem out;
  out.problem.pictures = {{"image_1", std::make_shared<const vision::Image>(canvas.render())}};
  const Thing *a = unique(), *b = unique();
  if (random.chance(0.4) || !a || !b || a->name() == b->name()) {
    // How many, of a colour and kind, a kind, or a colour; sometimes of one that is not there.
    const Thing& t = things[static_cast<size_t>(random.below(static_cast<int64_t>(things.size())))];
    std::string colour = random.chance(0.1) ? one_of(kColours, random) : t.colour, kind = t.kind;
    const int64_t what = random.below(3);
    if (what == 1) colour.clear();
    if (what == 2) kind.clear();
    int many = 0;
    for (const Thing& one : things) many += (colour.empty() || one.colour == colour) && (kind.empty() || one.kind == kind);
    const std::string words = kind.empty() ? colour + " shapes" : (colour.empty() ? "" : colour + " ") + kind + "s";
    out.problem.question = one_of({"How many " + words + " are in the picture?", "Count the " + words + ".", "What is the number of " + words + "?",
                                   "How many " + words + " do you see?"}, random);
    out.problem.answer = std::to_string(many);
    out.hint = {{"asks", "count"}, {"first", kind.empty() ? colour : colour.empty() ? kind : colour + " " + kind}};
    return out;
  }
  const bool single = std::count_if(things.begin(), things.end(), [&](const Thing& t) { return t.kind == a->kind; }) == 1;
  if (single && random.chance(0.4)) {
    out.problem.question = one_of({"What colour is the " + a->kind + "?", "Which colour does the " + a->kind + " have?", "Name the colour of the " + a->kind + "."}, random);
    out.problem.answer = a->colour;
    out.hint = {{"asks", "colour"}, {"first", a->kind}};
    return out;
  }
  const std::string asks = one_of({"left", "right", "above", "below", "wider"}, random);
  const Point p = a->box.centre(), q = b->box.centre();
  // Too close to call is not asked.
  const double gap = asks == "wider" ? std::abs(a->box.width - b->box.width) : asks == "left" || asks == "right" ? std::abs(p.x - q.x) : std::abs(p.y - q.y);
  if (gap < 0.015) return random_picture(random);
  const bool yes = asks == "left" ? p.x < q.x : asks == "right" ? p.x > q.x : asks == "above" ? p.y < q.y : asks == "below" ? p.y > q.y : a->box.width > b->box.width;
  const std::string words = asks == "left" ? "to the left of" : asks == "right" ? "to the right of" : asks == "wider" ? "wider than" : asks;
  out.problem.question = one_of({"Is the " + a->name() + " " + words + " the " + b->name() + "?",
                                 "Is it true that the " + a->name() + " is " + words + " the " + b->name() + "?"}, random);
  out.problem.choices = {"yes", "no"};
  out.problem.answer = yes ? "yes" : "no";
  out.hint = {{"asks", asks}, {"first", a->name()}, {"second", b->name()}};
  return out;
}

}  // namespace atelier::sketchpad
