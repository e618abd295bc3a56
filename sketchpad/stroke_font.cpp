#include "sketchpad/stroke_font.h"

#include <algorithm>

namespace atelier::sketchpad {

Glyph glyph(char32_t character) {
  Glyph out;
  if (character == U' ' || character == U'\t') return {{}, kBlankWidth};
  std::string_view data = font_data::kMissing;
  for (const auto& entry : font_data::kGlyphs)
    if (entry.character == character) data = entry.strokes;
  bool lifted = true;
  for (size_t i = 0; i < data.size();) {
    if (data[i] == ' ') {
      lifted = true, ++i;
      continue;
    }
    if (lifted) out.strokes.emplace_back(), lifted = false;
    const FontPoint point{data[i] - '0', data[i + 1] - '0'};
    out.strokes.back().push_back(point);
    out.width = std::max(out.width, point.x);
    i += 2;
  }
  return out;
}

std::u32string characters(std::string_view utf8) {
  std::u32string out;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i++]);
    const int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
    char32_t value = more == 0 ? lead : more == 1 ? lead & 31 : more == 2 ? lead & 15 : lead & 7;
    bool whole = more >= 0;
    for (int k = 0; whole && k < more; ++k) {
      whole = i < utf8.size() && (static_cast<unsigned char>(utf8[i]) & 0xC0) == 0x80;
      if (whole) value = value << 6 | (static_cast<unsigned char>(utf8[i++]) & 63);
    }
    out.push_back(whole ? value : U'\uFFFD');
  }
  return out;
}

double line_width(std::u32string_view line) {
  double width = 0;
  for (size_t i = 0; i < line.size(); ++i) width += glyph(line[i]).width + (i + 1 < line.size() ? kSpacing : 0);
  return width;
}

}  // namespace atelier::sketchpad
