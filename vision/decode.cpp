#include "vision/container.h"
#include "vision/image.h"
#include "vision/stb.h"

#include "base/error.h"
#include "base/files.h"

#include <algorithm>

namespace atelier::vision {
namespace {

// A progressive JPEG may go over the picture as often as it likes: a few MB would keep a processor busy for hours.
// Real ones have about ten scans.
constexpr int64_t kScanLimit = 100;

/// Turns a picture as its EXIF orientation says: 2-4 mirror and rotate by 180 degrees, 5-8 exchange the sides.
Image orient(const Image& image, int orientation) {
  if (orientation == 1) return image;
  const bool transposed = orientation >= 5;
  Image out(transposed ? image.height : image.width, transposed ? image.width : image.height, image.channels);
  const int64_t right = image.width - 1, bottom = image.height - 1;
  for (int64_t y = 0; y < out.height; ++y) {
    for (int64_t x = 0; x < out.width; ++x) {
      int64_t from_x = transposed ? y : x, from_y = transposed ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) from_x = right - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) from_y = bottom - from_y;
      std::copy_n(image.at(from_x, from_y), image.channels, out.at(x, y));
    }
  }
  return out;
}

}  // namespace

Image decode_image(std::string_view bytes, std::string_view what, bool keep_alpha, const ImageLimits& limits) {
  CHECK_FILE(static_cast<int64_t>(bytes.size()) <= limits.bytes, what, "the picture has {} bytes, at most {} are read",
             bytes.size(), limits.bytes);
  const bool png = is_png(bytes);
  CHECK_FILE(png || is_jpeg(bytes), what, "not a PNG or JPEG picture");
  const Header header = png ? read_png_header(bytes, what) : read_jpeg_header(bytes, what);
  CHECK_FILE(header.width >= 1 && header.height >= 1 && header.width <= limits.side && header.height <= limits.side, what,
             "the picture is {} x {}, its sides must be 1 to {} pixels", header.width, header.height, limits.side);
  CHECK_FILE(header.width * header.height <= limits.pixels, what, "the picture has {} pixels, at most {} are read",
             header.width * header.height, limits.pixels);
  CHECK_FILE(header.scans <= kScanLimit, what, "this JPEG has {} scans, at most {} are read", header.scans, kScanLimit);

  // The largest buffers that an honest file needs: its own bytes, its rows as inflated (with a filter byte each), and
  // 8 bytes a pixel (16-bit RGBA; a JPEG's coefficients in whole blocks). stb doubles buffers as they fill.
  const int64_t rows = header.height * (header.width * header.bits_per_pixel / 8 + 8);
  const int64_t blocks = 8 * (header.width + 64) * (header.height + 64);
  const int64_t largest = (1 << 20) + std::max({2 * static_cast<int64_t>(bytes.size()), 2 * rows, blocks});
  Image image = stb::decode(bytes, png ? 4 : 3, static_cast<size_t>(largest));
  CHECK_FILE(!image.pixels.empty(), what, "the picture's data are damaged");
  ASSERT(image.width == header.width && image.height == header.height);

  image = orient(image, header.orientation);
  if (!keep_alpha) return over(image, {255, 255, 255});
  if (image.channels == 4) return image;
  Image opaque(image.width, image.height, 4);
  for (int64_t i = 0; i < image.width * image.height; ++i) std::copy_n(&image.pixels[3 * i], 3, &opaque.pixels[4 * i]);
  return opaque;
}

Image read_image(const std::filesystem::path& path, bool keep_alpha, const ImageLimits& limits) {
  return decode_image(base::read_file(path, limits.bytes), path.string(), keep_alpha, limits);
}

}  // namespace atelier::vision
