#include "base/error.h"
#include "sketchpad/geometry.h"

#include <algorithm>
#include <iterator>

namespace atelier::sketchpad {
namespace {

struct Named {
  std::string_view name;
  Colour colour;
};

constexpr Named kNamed[] = {
    {"black", {0, 0, 0}},       {"white", {255, 255, 255}},      {"gray", {128, 128, 128}},  {"light gray", {211, 211, 211}},
    {"dark gray", {80, 80, 80}}, {"red", {225, 35, 35}},         {"green", {30, 150, 50}},   {"blue", {35, 85, 225}},
    {"yellow", {255, 220, 30}}, {"orange", {250, 140, 20}},      {"purple", {130, 50, 180}}, {"pink", {255, 150, 190}},
    {"brown", {135, 85, 40}},   {"cyan", {40, 200, 220}},        {"magenta", {225, 40, 200}}, {"teal", {0, 128, 128}},
    {"navy", {15, 25, 115}},    {"olive", {128, 128, 0}},        {"lime", {120, 230, 40}},   {"maroon", {120, 20, 30}},
    {"gold", {230, 180, 30}},   {"light blue", {165, 205, 250}}, {"light green", {165, 230, 165}}, {"cream", {255, 244, 214}},
};

// Plain, lower case, "grey" as "gray", "_" and "-" as a blank.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '_' || c == '-' ? ' ' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (const size_t at = out.find("grey"); at != out.npos) out[at + 2] = 'a';
  return out;
}

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

}  // namespace

Colour parse_colour(std::string_view text) {
  const std::string name = plain(text.substr(0, 32));
  if (name.size() == 7 && name[0] == '#' && std::all_of(name.begin() + 1, name.end(), [](char c) { return digit(c) >= 0; })) {
    const auto pair = [&](int at) { return static_cast<uint8_t>(digit(name[at]) * 16 + digit(name[at + 1])); };
    return {pair(1), pair(3), pair(5)};
  }
  for (const Named& named : kNamed)
    if (named.name == name) return named.colour;
  throw base::InvalidArgument(fmt::format("a colour is a name such as red, blue, green or gray, or #rrggbb, not \"{}\"",
      text.substr(0, 40)));
}

std::string nearest_colour_name(Colour c) {
  const auto squared = [&](Colour d) {
    // Weights of Compuserve's "redmean" approximation: nearer to how different two colours look than plain RGB.
    const double red = (c.r + d.r) / 2.0, r = c.r - d.r, g = c.g - d.g, b = c.b - d.b;
    return (2 + red / 256) * r * r + 4 * g * g + (2 + (255 - red) / 256) * b * b;
  };
  const auto best = std::min_element(std::begin(kNamed), std::end(kNamed),
                                     [&](const Named& a, const Named& b) { return squared(a.colour) < squared(b.colour); });
  return std::string(best->name);
}

std::string hex(Colour c) { return fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b); }

Colour readable_on(Colour c) { return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b < 130 ? kWhite : kBlack; }

}  // namespace atelier::sketchpad
