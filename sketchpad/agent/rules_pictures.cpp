// Questions over a picture of shapes: count, colour, left or right, above or below, larger.
#include "base/error.h"
#include "sketchpad/agent/rules_planner.h"

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

}  // namespace

Move pictures_turn(Turn& turn, const json& hint) {
  const std::string asks = hint.at("asks"), first = hint.at("first"), second = hint.value("second", "");
  if (turn.done() == 0) {
    if (asks == "count") return turn.call({"Count the " + first + " shapes.", "Find and count them.", "Mark every one and count."}, "count",
        {{"what", "shapes"}, {"kind", first}, {"picture", "image_1"}});
    return turn.call({"Find the shapes and where they are.", "First see what is in the picture.", "Look for shapes."}, "find_shapes", {{"picture", "image_1"}});
  }
  if (!turn.seen().ok) return turn.answer({"The picture cannot be read; this is a guess."}, "unknown");
  if (asks == "count") {
    const int count = turn.saw("0 shapes found") ? 0 : std::atoi(turn.seen().text.c_str());
    return turn.answer({"That many were marked.", fmt::format("There are {}.", count)}, "$count");
  }
  const auto all = places(turn.seen().text);
  const Place *a = find(all, first), *b = find(all, second);
  if (asks == "colour") {
    const std::string colour = a ? a->what.substr(0, a->what.find(' ')) : "unknown";
    return turn.answer({"It is listed with its colour.", "The " + first + " is " + colour + "."}, colour);
  }
  if (!a || !b) return turn.answer({"One of them is not in the picture."}, "no");
  const auto verdict = [&](bool yes, const std::string& what, double x, double y) {
    return turn.answer({fmt::format("{} is {:.3f}, the other {:.3f}.", what, x, y)}, yes ? "yes" : "no");
  };
  if (asks == "left") return verdict(a->x < b->x, "Its x", a->x, b->x);
  if (asks == "right") return verdict(a->x > b->x, "Its x", a->x, b->x);
  if (asks == "above") return verdict(a->y < b->y, "Its y", a->y, b->y);
  if (asks == "below") return verdict(a->y > b->y, "Its y", a->y, b->y);
  ASSERT(asks == "wider");
  return verdict(a->width > b->width, "Its width", a->width, b->width);
}

}  // namespace atelier::sketchpad
