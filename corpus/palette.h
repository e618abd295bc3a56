#pragma once
/// The colours that captions of the corpus name: of one-colour icons, and of the grounds of scenes.
#include "corpus/sprites.h"

#include <array>
#include <string>

namespace atelier::corpus {

struct Colour {
  const char* name;
  Rgb value;
};
/// What one-colour icons are tinted with.
inline constexpr std::array<Colour, 10> kColours = {{{"red", {214, 36, 40}},
                                                     {"orange", {245, 133, 24}},
                                                     {"yellow", {244, 205, 22}},
                                                     {"green", {32, 150, 62}},
                                                     {"blue", {32, 92, 220}},
                                                     {"purple", {128, 50, 178}},
                                                     {"pink", {244, 122, 182}},
                                                     {"brown", {128, 78, 40}},
                                                     {"black", {16, 16, 16}},
                                                     {"gray", {132, 132, 132}}}};
inline constexpr std::array<Colour, 8> kPale = {{{"light gray", {226, 226, 228}},
                                                 {"light blue", {200, 226, 252}},
                                                 {"light green", {204, 240, 204}},
                                                 {"light yellow", {255, 248, 196}},
                                                 {"light pink", {255, 218, 230}},
                                                 {"cream", {252, 242, 220}},
                                                 {"lavender", {226, 214, 250}},
                                                 {"white", {255, 255, 255}}}};
inline constexpr std::array<Colour, 9> kStrong = {{{"blue", {60, 120, 215}},
                                                   {"green", {84, 170, 92}},
                                                   {"red", {206, 62, 62}},
                                                   {"yellow", {250, 216, 84}},
                                                   {"orange", {244, 152, 62}},
                                                   {"purple", {138, 92, 192}},
                                                   {"pink", {246, 152, 194}},
                                                   {"gray", {142, 142, 146}},
                                                   {"black", {22, 22, 24}}}};

/// The nearest name for a thing's colour, or for a ground's. Of a ground that fades: "light blue fading to white".
std::string colour_name(const Rgb& colour);
std::string ground_name(const Rgb& top, const Rgb& bottom);

}  // namespace atelier::corpus
