#pragma once
/// One drawing to 128 x 128 pixels: the ink fills the square but for a margin, aspect kept, centred, straight alpha.
///
/// Sets draw at very different sizes inside their boxes (OpenMoji at two thirds, clip art anywhere), so the box that
/// a file claims is ignored: the picture is drawn, its ink measured, and drawn again until the ink fits.
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace atelier::corpus {

constexpr int kSide = 128;
constexpr int kMargin = 5;
constexpr int64_t kPictureBytes = int64_t{kSide} * kSide * 4;  // RGBA

/// (128, 128, 4) RGBA, straight alpha.
using Pixels = std::vector<uint8_t>;

/// Scalable graphics. Nothing outside the text is loaded.
/// @return nothing if it cannot be parsed or comes out blank
std::optional<Pixels> render_svg(std::string_view svg);

/// A WebP file's bytes. @return nothing if it is none, is over 4096 pixels wide or high, or is blank
std::optional<Pixels> render_webp(std::string_view bytes);

/// 8 x 8 means of premultiplied RGBA: what near-duplicates are compared by.
std::vector<uint8_t> thumbnail(const Pixels& pixels);

}  // namespace atelier::corpus
