// Questions over a picture, of shapes on paper or of things of any form: count, colour, left or right, above or below,
// larger; and those that no tool but a model answers.
#include "base/error.h"
#include "sketchpad/agent/rules_planner.h"

#include <algorithm>

namespace atelier::sketchpad {
namespace {

// "2 found: 1: red circle at (0.200, 0.300), 0.100 x 0.110; 2: ..."
struct Place {
  std::string what;
  double x = 0, y = 0, width = 0, height = 0;
};

std::vector<Place> places(const std::string& text) {
  std::vector<Place> out;
  for (size_t at = text.find(" at ("); at != text.npos; at = text.find(" at (", at + 1)) {
    const size_t colon = text.rfind(": ", at);
    if (colon == text.npos) continue;
    Place place{.what = text.substr(colon + 2, at - colon - 2)};
    const std::string rest = text.substr(at + 5, 60);
    if (std::sscanf(rest.c_str(), "%lf, %lf), %lf x %lf", &place.x, &place.y, &place.width, &place.height) == 4) out.push_back(place);
  }
  return out;
}

const Place* find(const std::vector<Place>& all, const std::string& what) {
  for (const Place& p : all)
    if (p.what.find(what) != std::string::npos) return &p;
  return nullptr;
}

Move count_things(Turn& turn, const std::string& colour) {
  json arguments = {{"what", "things"}, {"picture", "image_1"}};
  if (!colour.empty()) arguments["kind"] = colour;
  const std::string what = colour.empty() ? "things" : colour + " things";
  return turn.call({"Count the " + what + ".", "Mark the " + what + " and count.", "Find the " + what + "."}, "count", arguments);
}

// Two counts, one after the other, and what they say together.
Move compare_counts(Turn& turn, const std::string& asks, const std::string& first, const std::string& second) {
  if (turn.done() < 2) return count_things(turn, turn.done() == 0 ? first : second);
  const int a = turn.trace.steps[0].seen.data.value("count", 0), b = turn.trace.steps[1].seen.data.value("count", 0);
  if (asks == "either") {
    if (turn.last("calculate")) return turn.answer({"That many together."}, "$value");
    return turn.call({fmt::format("{} and {} together.", a, b)}, "calculate", {{"expression", fmt::format("{}+{}", a, b)}});
  }
  const bool yes = asks == "more" ? a > b : asks == "fewer" ? a < b : a == b;
  return turn.answer({fmt::format("{} {}, {} {}.", a, first, b, second)}, yes ? "yes" : "no");
}

/// The one that is most so: "leftmost", "biggest", ...
const Place& most_so(const std::vector<Place>& all, const std::string& most) {
  return *std::min_element(all.begin(), all.end(), [&](const Place& p, const Place& q) {
    if (most == "leftmost") return p.x < q.x;
    if (most == "rightmost") return p.x > q.x;
    if (most == "topmost") return p.y < q.y;
    if (most == "lowest") return p.y > q.y;
    return most == "biggest" ? p.width * p.height > q.width * q.height : p.width * p.height < q.width * q.height;
  });
}

std::string colour_of(const Place& place) { return place.what.substr(0, place.what.rfind(' ')); }

Move look(Turn& turn, const std::string& asks, const std::string& first, bool things) {
  if (asks == "background")
    return turn.call({"The largest region is the background.", "Look for the background: the largest region.", "Which colour has the largest region?"}, "find_regions",
        {{"picture", "image_1"}});
  if (asks == "model")
    return turn.call({"No tool measures that: ask about the picture.", "Ask the model that sees the picture.", "That has to be asked."}, "ask",
        {{"question", "$question"}, {"picture", "image_1"}});
  if (things) return count_things(turn, asks == "count" || asks == "any" ? first : "");
  if (asks == "count") return turn.call({"Count the " + first + " shapes.", "Find and count them.", "Mark every one and count."}, "count",
      {{"what", "shapes"}, {"kind", first}, {"picture", "image_1"}});
  return turn.call({"Find the shapes and where they are.", "First see what is in the picture.", "Look for shapes."}, "find_shapes", {{"picture", "image_1"}});
}

}  // namespace

Move pictures_turn(Turn& turn, const json& hint) {
  const std::string asks = hint.at("asks"), first = hint.value("first", ""), second = hint.value("second", "");
  const bool things = hint.value("things", false);
  const auto wanted = [&](const std::string& one) { return asks == one; };
  if (turn.done() > 0 && !turn.seen().ok) return turn.answer({"The picture cannot be read; this is a guess."}, wanted("model") ? "cannot tell" : "unknown");
  if (wanted("more") || wanted("fewer") || wanted("as many") || wanted("either")) return compare_counts(turn, asks, first, second);
  if (turn.done() == 0) return look(turn, asks, first, things);
  if (wanted("count")) {
    const int count = turn.seen().data.value("count", 0);
    return turn.answer({"That many were marked.", fmt::format("There are {}.", count)}, "$count");
  }
  if (wanted("model")) return turn.answer({"That is what the model says.", "The model says so."}, "$answer");
  if (wanted("background")) return turn.answer({"The largest region has that colour.", "That is the background."}, "$largest");
  const auto all = places(turn.seen().text);
  if (wanted("any")) return turn.answer({all.empty() ? "None was found." : "One was found."}, all.empty() ? "no" : "yes");
  if (wanted("which") && all.empty()) return turn.answer({"Nothing was found."}, "unknown");
  if (wanted("which")) {
    const std::string colour = colour_of(most_so(all, first));
    return turn.answer({"The " + first + " is " + colour + "."}, colour);
  }
  const Place *a = find(all, first), *b = find(all, second);
  if (wanted("colour")) {
    const std::string colour = a ? a->what.substr(0, a->what.find(' ')) : "unknown";
    return turn.answer({"It is listed with its colour.", "The " + first + " is " + colour + "."}, colour);
  }
  if (!a || !b) return turn.answer({"One of them is not in the picture."}, "no");
  const auto verdict = [&](bool yes, const std::string& what, double x, double y) {
    return turn.answer({fmt::format("{} is {:.3f}, the other {:.3f}.", what, x, y)}, yes ? "yes" : "no");
  };
  if (wanted("left")) return verdict(a->x < b->x, "Its x", a->x, b->x);
  if (wanted("right")) return verdict(a->x > b->x, "Its x", a->x, b->x);
  if (wanted("above")) return verdict(a->y < b->y, "Its y", a->y, b->y);
  if (wanted("below")) return verdict(a->y > b->y, "Its y", a->y, b->y);
  ASSERT(wanted("wider") || wanted("bigger"));
  return verdict(a->width > b->width, "Its width", a->width, b->width);
}

}  // namespace atelier::sketchpad
