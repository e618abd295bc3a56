#pragma once
/// The pinned font: glyphs as polylines, our own design, so that text is the same pixels on every machine.
///
/// No font file or package is read. A glyph is a string of two-digit points "xy" on a grid: cap height is 0 to 6
/// downwards, the baseline is 6, descenders reach 8; a blank lifts the pen. A point drawn to itself is a dot. Every
/// digit is one connected stroke with a silhouette of its own, so that the looking tools can read drawn numbers back.
#include <cstdint>
#include <string_view>
#include <vector>

namespace atelier::sketchpad {

struct FontPoint {
  int x, y;
};

struct Glyph {
  std::vector<std::vector<FontPoint>> strokes;
  int width = 0;  // of the ink, grid units
};

inline constexpr int kCapHeight = 6;     // grid units
inline constexpr double kSpacing = 2;    // between two glyphs
inline constexpr int kBlankWidth = 3;

/// The strokes of one character; a character that the font lacks is a box.
Glyph glyph(char32_t character);

/// The characters of UTF-8 text; a broken byte is U+FFFD.
std::u32string characters(std::string_view utf8);

/// Width of the ink of one line, grid units.
double line_width(std::u32string_view line);

namespace font_data {

struct Entry {
  char32_t character;
  std::string_view strokes;
};

// Wide O against narrow 0, flat-topped 3 and a 1 with a foot keep look-alikes apart.
inline constexpr Entry kGlyphs[] = {
    {U'0', "103041453616050110"}, {U'1', "112026 1636"}, {U'2', "01103041420646"}, {U'3', "004022324345361605"},
    {U'4', "36300444"}, {U'5', "400002324345361605"}, {U'6', "3020030516364544331304"}, {U'7', "004016"},
    {U'8', "103041423313020110 1304051636454433"}, {U'9', "1626434130100102133342"},
    {U'A', "062046 1333"}, {U'B', "00063645443303 0030414233"}, {U'C', "4130100105163645"}, {U'D', "00062644422000"},
    {U'E', "40000646 0333"}, {U'F', "400006 0333"}, {U'G', "41301001051636454323"}, {U'H', "0006 4046 0343"},
    {U'I', "0020 1016 0626"}, {U'J', "3035261605"}, {U'K', "0006 4004 1346"}, {U'L', "000646"}, {U'M', "0600234046"},
    {U'N', "06004640"}, {U'O', "203052543626040220"}, {U'P', "06003041423303"}, {U'Q', "203052543626040220 3456"},
    {U'R', "06003041423303 2346"}, {U'S', "413010010213334445361605"}, {U'T', "0040 2026"}, {U'U', "000516364540"},
    {U'V', "002640"}, {U'W', "0016223640"}, {U'X', "0046 4006"}, {U'Y', "002340 2326"}, {U'Z', "00400646"},
    {U'a', "3322120305162635 3236"}, {U'b', "0006 0312223335261605"}, {U'c', "3322120305162635"},
    {U'd', "3036 3322120305162635"}, {U'e', "04343322120305162635"}, {U'f', "30201116 0222"},
    {U'g', "3322120305162635 3237281807"}, {U'h', "0006 0312223336"}, {U'i', "0206 0000"}, {U'j', "121708 1010"},
    {U'k', "0006 3205 1436"}, {U'l', "000516"}, {U'm', "0206 03122326 23324346"}, {U'n', "0206 0312223336"},
    {U'o', "122233352616050312"}, {U'p', "0208 0312223335261605"}, {U'q', "3238 3322120305162635"},
    {U'r', "0206 03122233"}, {U's', "3212031424352606"}, {U't', "101526 0222"}, {U'u', "0205162635 3236"},
    {U'v', "022642"}, {U'w', "0216233642"}, {U'x', "0236 3206"}, {U'y', "0226 4218"}, {U'z', "02320636"},
    {U'.', "0606"}, {U',', "1607"}, {U':', "0303 0606"}, {U';', "1313 1607"}, {U'!', "0004 0606"},
    {U'?', "01103041422324 2626"}, {U'\'', "0002"}, {U'"', "0002 2022"}, {U'(', "20020426"}, {U')', "00222406"},
    {U'[', "20000626"}, {U']', "00202606"}, {U'{', "20111203141526"}, {U'}', "00111223141506"}, {U'+', "0343 2125"},
    {U'-', "0333"}, {U'*', "1135 3115 0343"}, {U'/', "0640"}, {U'\\', "0046"}, {U'=', "0242 0444"}, {U'<', "410345"},
    {U'>', "014305"}, {U'%', "0640 0010110100 3545463635"}, {U'|', "0007"}, {U'_', "0747"}, {U'~', "04132433"},
    {U'^', "022042"}, {U'&', "46011020310405162644"}, {U'#', "1016 3036 0242 0444"},
    {U'@', "32221314253532 354442301002041636"}, {U'$', "413010010213334445361605 2026"}, {U'`', "0011"},
    {U'\u00B0', "1021120110"}, {U'\u03C0', "0242 1216 3236"}, {U'\u03B8', "102031352616050110 0333"},
    {U'\u2212', "0333"}, {U'\u00D7', "0236 3206"}, {U'\u00B7', "0303"}, {U'\u2220', "300646"}, {U'\u22A5', "2026 0646"},
    {U'\u2265', "004204 0545"}, {U'\u2264', "400244 0545"},
};
inline constexpr std::string_view kMissing = "0040460600";

}  // namespace font_data

}  // namespace atelier::sketchpad
