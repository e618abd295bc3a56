// Things of several parts on coloured grounds, as composed scenes have them, and what people ask about such pictures.
#include "sketchpad/canvas.h"
#include "sketchpad/problems/phrases.h"
#include "sketchpad/problems/random_problems.h"

namespace atelier::sketchpad {
namespace {

using Words = std::vector<std::string>;

const Words& colours() {
  static const Words kColours = {"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "gray"};
  return kColours;
}

// The plural takes an s.
const Words& nouns() {
  static const Words kNouns = {
      "apple", "pear", "banana", "lemon", "carrot", "mushroom", "pizza", "sandwich roll", "pretzel", "cake", "cookie", "dog", "cat", "horse", "cow", "pig",
      "rabbit", "bear", "lion", "tiger", "elephant", "monkey", "bird", "duck", "chicken", "owl", "penguin", "turtle", "snake", "frog", "whale", "dolphin",
      "crab", "snail", "bee", "ant", "spider", "flower", "rose", "tree", "cactus plant", "car", "truck", "train", "tractor", "bicycle", "boat", "ship",
      "plane", "rocket", "house", "castle", "hotel", "church tower", "tent", "bridge", "window", "door", "chair", "table", "bed", "lamp", "candle", "key",
      "lock", "hammer", "saw", "trident", "shield", "sword", "bow", "arrow", "crown", "hat", "shirt", "shoe", "sock", "ring", "necklace", "backpack",
      "briefcase", "umbrella", "book", "pencil", "paintbrush", "envelope", "newspaper", "camera", "telephone", "computer", "clock", "bell", "drum", "guitar",
      "trumpet", "violin", "ball", "kite", "puzzle", "balloon", "pinwheel", "barrel", "bucket", "bottle", "cup", "spoon", "fork", "plate", "pan", "robot",
      "clown", "ghost", "snowman hat", "star", "moon", "cloud", "sun", "volcano", "island", "mirror", "speaker", "lipstick", "magic lamp", "slot machine"};
  return kNouns;
}

std::string plural(const std::string& noun) { return noun + "s"; }
std::string with_article(const std::string& noun) { return (std::string("aeiou").find(noun[0]) == std::string::npos ? "a " : "an ") + noun; }

struct SceneThing {
  std::string colour;
  Box box;
  double size() const { return box.width * box.height; }
};

/// A colour that still has this name, not quite the same every time.
Colour shade(const std::string& name, base::Random& random) {
  const Colour plain = parse_colour(name);
  const auto near = [&](uint8_t value) { return static_cast<uint8_t>(std::clamp<int64_t>(value + random.between(-9, 9), 0, 255)); };
  const Colour other{near(plain.r), near(plain.g), near(plain.b)};
  return nearest_colour_name(other) == name ? other : plain;
}

/// One of some forms, most of them of several parts with little between.
void draw(Canvas& canvas, const SceneThing& thing, int64_t form, Colour colour) {
  const Pen pen{.colour = colour, .width = 0, .fill = colour};
  const Box& b = thing.box;
  const auto at = [&](double x, double y) { return Point{b.x + x * b.width, b.y + y * b.height}; };
  const auto part = [&](double x, double y, double width, double height) { canvas.box({b.x + x * b.width, b.y + y * b.height, width * b.width, height * b.height}, pen); };
  const auto polygon = [&](std::vector<Point> corners) {
    for (Point& p : corners) p = at(p.x, p.y);
    canvas.polygon(corners, pen);
  };
  switch (form) {
    case 0: canvas.circle(at(0.5, 0.6), 0.4 * b.width, pen), canvas.circle(at(0.5, 0.05), 0.05 * b.width, pen); break;   // a body with its head off
    case 1: part(0, 0, 1, 0.26), part(0, 0.37, 1, 0.26), part(0, 0.74, 1, 0.26); break;                                 // stripes
    case 2: polygon({{0.5, 0}, {0.62, 0.38}, {1, 0.38}, {0.7, 0.6}, {0.8, 1}, {0.5, 0.75}, {0.2, 1}, {0.3, 0.6}, {0, 0.38}, {0.38, 0.38}}); break;
    case 3: part(0.35, 0, 0.3, 1), part(0, 0.35, 1, 0.3); break;
    case 4: polygon({{0.5, 0}, {1, 0.5}, {0, 0.5}}), part(0.2, 0.58, 0.6, 0.42); break;                                  // a roof over a wall
    case 5: part(0, 0, 0.45, 0.45), part(0.55, 0, 0.45, 0.45), part(0, 0.55, 0.45, 0.45), part(0.55, 0.55, 0.45, 0.45); break;
    case 6: part(0, 0, 1, 0.2), part(0, 0.8, 1, 0.2), part(0, 0, 0.2, 1), part(0.8, 0, 0.2, 1), canvas.circle(at(0.5, 0.5), 0.2 * b.width, pen); break;
    default: polygon({{0, 0.35}, {0.55, 0.35}, {0.55, 0.1}, {1, 0.5}, {0.55, 0.9}, {0.55, 0.65}, {0, 0.65}});
  }
}

struct Scene {
  std::vector<SceneThing> things;
  std::string ground;
  std::shared_ptr<const vision::Image> picture;

  int many(const std::string& colour) const {
    return static_cast<int>(std::count_if(things.begin(), things.end(), [&](const SceneThing& t) { return t.colour == colour; }));
  }
};

Scene scene(base::Random& random, bool even_ground) {
  Scene out;
  const int64_t side = random.between(128, 512);
  Canvas canvas(side, side);
  out.ground = random.chance(0.5) ? "white" : one_of({"light blue", "light green", "cream", "light gray", "pink", "blue", "green", "yellow", "red", "black"}, random);
  const Colour ground = parse_colour(out.ground);
  canvas.highlight({0, 0, 1, 1}, ground, 1);
  if (!even_ground && out.ground.starts_with("light") && random.chance(0.4))
    for (int i = 0; i < 64; ++i) canvas.highlight({0, i / 64.0, 1, 1 / 64.0}, kWhite, i / 64.0);  // fading to white
  // Few colours at a time, so that counts above one happen; none that the ground would hide.
  Words there;
  for (const std::string& colour : colours()) {
    const Colour c = parse_colour(colour);
    if (std::max({std::abs(c.r - ground.r), std::abs(c.g - ground.g), std::abs(c.b - ground.b)}) > 90) there.push_back(colour);
  }
  while (there.size() > 4 || (there.size() > 2 && random.chance(0.4))) there.erase(there.begin() + random.below(static_cast<int64_t>(there.size())));
  std::vector<int64_t> cells(16);
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<int64_t>(i);
  const int64_t count = random.between(1, 9);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t pick = random.below(static_cast<int64_t>(cells.size())), cell = cells[static_cast<size_t>(pick)];
    cells.erase(cells.begin() + pick);
    const double size = 0.09 + 0.09 * random.uniform(), room = 0.25 - 0.07 - size;
    const double x = static_cast<double>(cell % 4) / 4 + 0.035 + room * random.uniform(), y = static_cast<double>(cell / 4) / 4 + 0.035 + room * random.uniform();
    const SceneThing thing{one_of(there, random), {x, y, size, size}};
    draw(canvas, thing, random.below(8), shade(thing.colour, random));
    out.things.push_back(thing);
  }
  out.picture = std::make_shared<const vision::Image>(canvas.render());
  return out;
}

/// As people type: with a capital and a question mark, or without.
std::string typed(std::string question, base::Random& random) {
  if (random.chance(0.3)) question[0] = static_cast<char>(std::tolower(question[0]));
  if (question.ends_with('?') && random.chance(0.15)) question.pop_back();
  return question;
}

std::string any_thing(base::Random& random) { return random.chance(0.6) ? one_of({"things", "objects", "items", "icons", "pieces", "symbols"}, random) : plural(one_of(nouns(), random)); }

/// The question's words, what it asks, and the answer.
struct Asked {
  Words wordings;
  std::string answer;
  json hint;
  bool yes_or_no = false;
};

Asked count(const Scene& s, base::Random& random) {
  if (random.chance(0.3))
    return {{"How many things are there?", "How many objects are in the picture?", "How many things do you see in total?", "Count the things in the picture.", "Count everything."},
            std::to_string(s.things.size()), {{"asks", "count"}, {"first", ""}}};
  const std::string colour = random.chance(0.12) ? one_of(colours(), random) : one_of({s.things.front().colour, s.things.back().colour}, random);
  const std::string what = colour + " " + any_thing(random);
  if (random.chance(0.15))
    return {{"Is there anything " + colour + " in the picture?", "Is there a " + colour + " thing?", "Do you see something " + colour + "?", "Are there any " + what + "?"},
            s.many(colour) > 0 ? "yes" : "no", {{"asks", "any"}, {"first", colour}}, true};
  return {{"How many " + what + " are there?", "How many " + what + " are in the picture?", "Count the " + what + ".", "What is the number of " + what + "?",
           "How many " + what + " can you see?", "How many " + any_thing(random) + " are " + colour + "?"},
          std::to_string(s.many(colour)), {{"asks", "count"}, {"first", colour}}};
}

Asked background(const Scene& s) {
  return {{"What colour is the background?", "What color is the background?", "Which colour does the background have?", "Which colour lies behind the things?", "What is the colour of the ground?"},
          s.ground, {{"asks", "background"}}};
}

Asked two_counts(const Scene& s, base::Random& random) {
  const std::string a = s.things.front().colour;
  std::string b = one_of(colours(), random);
  for (const SceneThing& t : s.things)
    if (t.colour != a) b = t.colour;
  if (a == b) return count(s, random);
  const int of_a = s.many(a), of_b = s.many(b);
  const std::string what = any_thing(random);
  const json hint = {{"first", a}, {"second", b}};
  const auto asks = [&](const char* word) {
    json all = hint;
    all["asks"] = word;
    return all;
  };
  switch (random.below(4)) {
    case 0: return {{"Are there more " + a + " than " + b + " " + what + "?", "Are more " + what + " " + a + " than " + b + "?"}, of_a > of_b ? "yes" : "no", asks("more"), true};
    case 1: return {{"Are there fewer " + a + " than " + b + " " + what + "?", "Are there less " + a + " " + what + " than " + b + " ones?"}, of_a < of_b ? "yes" : "no", asks("fewer"), true};
    case 2: return {{"Are there as many " + a + " " + what + " as " + b + " ones?", "Is the number of " + a + " and of " + b + " " + what + " the same?"}, of_a == of_b ? "yes" : "no", asks("as many"), true};
    default: return {{"How many " + what + " are " + a + " or " + b + "?", "How many " + a + " and " + b + " " + what + " are there together?"}, std::to_string(of_a + of_b), asks("either")};
  }
}

Asked relation(const Scene& s, base::Random& random) {
  std::vector<const SceneThing*> once;
  for (const SceneThing& t : s.things)
    if (s.many(t.colour) == 1) once.push_back(&t);
  if (once.size() < 2) return two_counts(s, random);
  const SceneThing &a = *once[0], &b = *once[1];
  const std::string asks = one_of({"left", "right", "above", "below", "bigger"}, random);
  const Point p = a.box.centre(), q = b.box.centre();
  const double gap = asks == "bigger" ? std::abs(a.box.width - b.box.width) * 2 : asks == "left" || asks == "right" ? std::abs(p.x - q.x) : std::abs(p.y - q.y);
  if (gap < 0.04) return count(s, random);  // too close to call
  const bool yes = asks == "left" ? p.x < q.x : asks == "right" ? p.x > q.x : asks == "above" ? p.y < q.y : asks == "below" ? p.y > q.y : a.size() > b.size();
  const std::string words = asks == "left" || asks == "right" ? one_of({asks + " of", "to the " + asks + " of"}, random) : asks == "bigger" ? one_of({"bigger than", "larger than"}, random) : asks;
  const std::string noun = random.chance(0.5) ? "thing" : one_of(nouns(), random);
  return {{"Is the " + a.colour + " " + noun + " " + words + " the " + b.colour + " one?", "Is the " + a.colour + " " + noun + " " + words + " the " + b.colour + " " + noun + "?"},
          yes ? "yes" : "no", {{"asks", asks}, {"first", a.colour}, {"second", b.colour}}, true};
}

/// The colour of the one that stands or is most so, if that can be told.
Asked which(const Scene& s, base::Random& random) {
  const std::string most = one_of({"leftmost", "rightmost", "topmost", "lowest", "biggest", "smallest"}, random);
  const auto rank = [&](const SceneThing& t) {
    const Point c = t.box.centre();
    return most == "leftmost" ? c.x : most == "rightmost" ? -c.x : most == "topmost" ? c.y : most == "lowest" ? -c.y : most == "biggest" ? -t.box.width * 2 : t.box.width * 2;
  };
  std::vector<const SceneThing*> all;
  for (const SceneThing& t : s.things) all.push_back(&t);
  std::sort(all.begin(), all.end(), [&](const SceneThing* x, const SceneThing* y) { return rank(*x) < rank(*y); });
  if (all.size() < 2 || rank(*all[1]) - rank(*all[0]) < 0.04) return count(s, random);
  const std::string thing = random.chance(0.7) ? "thing" : "object";
  return {{"What colour is the " + most + " " + thing + "?", "What color is the " + most + " " + thing + "?", "Which colour does the " + most + " " + thing + " have?"}, all[0]->colour,
          {{"asks", "which"}, {"first", most}}};
}

}  // namespace

RandomProblem random_scene(base::Random& random) {
  const int64_t kind = random.below(10);
  const Scene s = scene(random, kind == 4);
  const Asked asked = kind < 4 ? count(s, random) : kind == 4 ? background(s) : kind < 7 ? two_counts(s, random) : kind < 9 ? relation(s, random) : which(s, random);
  RandomProblem out;
  out.problem.pictures = {{"image_1", s.picture}};
  out.problem.question = typed(one_of(asked.wordings, random), random);
  out.problem.answer = asked.answer;
  if (asked.yes_or_no) out.problem.choices = {"yes", "no"};
  out.hint = asked.hint;
  out.hint["things"] = true;
  return out;
}

RandomProblem random_asking(base::Random& random) {
  const std::string noun = one_of(nouns(), random), other = one_of(nouns(), random), colour = one_of(colours(), random);
  const std::string side = one_of({"left of", "right of", "above", "below", "behind", "in front of"}, random);
  const std::string place = one_of({"in the top left corner", "at the top", "in the middle", "on the right", "at the bottom", "in the bottom right corner"}, random);
  const std::string doing = one_of({"sleeping", "running", "eating", "flying", "swimming", "waiting", "reading"}, random);
  const std::string many = std::to_string(random.between(1, 6)), yes = one_of({"yes", "no"}, random), a = with_article(noun), b = with_article(other);
  struct Question {
    Words wordings;
    std::string answer, caption;
  };
  const std::vector<Question> all = {
      {{"What is in the picture?", "What do you see?", "What is this?", "What does the picture show?", "Describe the picture.", "What can be seen here?", "What is on the board?"}, a, a},
      {{"What is " + side + " the " + other + "?", "What stands " + side + " the " + other + "?", "Which thing is " + side + " the " + other + "?"}, a, a + " " + side + " " + b},
      {{"What is " + place + "?", "What do you see " + place + "?", "Which object is " + place + "?"}, a, a + " " + place},
      {{"Where is the " + noun + "?", "Where can the " + noun + " be seen?"}, place, a + " " + place},
      {{"What colour is the " + noun + "?", "What color is the " + noun + "?", "Which colour does the " + noun + " have?", "What is the colour of the " + noun + "?"}, colour, with_article(colour + " " + noun)},
      {{"Is there " + a + " in the picture?", "Is there " + a + "?", "Do you see " + a + "?", "Are there any " + plural(noun) + "?"}, yes, yes == "yes" ? a : b},
      {{"How many " + plural(noun) + " are there?", "How many " + plural(noun) + " do you see?", "Count the " + plural(noun) + "."}, many, many + " " + plural(noun)},
      {{"Is the " + noun + " " + side + " the " + other + "?", "Does the " + noun + " stand " + side + " the " + other + "?"}, yes, a + " " + side + " " + b},
      {{"What is the " + noun + " doing?", "What is happening here?", "What does the " + noun + " do?"}, doing, a + " " + doing},
      {{"What is the " + noun + " for?", "What is the " + noun + " made of?", "What kind of " + noun + " is it?", "Is the " + noun + " old?", "Why is the " + noun + " there?", "Who owns the " + noun + "?"},
       "cannot tell", a},
      {{"Which is bigger, the " + noun + " or the " + other + "?", "Which one is larger, the " + noun + " or the " + other + "?"}, "the " + noun, a + " and " + b},
      {{"Which of these is an animal?", "Which of these can be eaten?", "Which of them is a tool?", "What is the vehicle in the picture?"}, "the " + noun, a + " and " + b},
  };
  const Question& asked = all[static_cast<size_t>(random.below(static_cast<int64_t>(all.size())))];
  RandomProblem out;
  out.problem.pictures = {{"image_1", scene(random, true).picture}};
  out.problem.question = typed(one_of(asked.wordings, random), random);
  out.problem.answer = asked.answer;
  out.hint = {{"asks", "model"}};
  out.told = {{"answer", asked.answer}, {"caption", asked.caption}};
  return out;
}

}  // namespace atelier::sketchpad
