#pragma once
/// What a picture's file says about itself, read by our own strict walk before any decoder sees the bytes.
///
/// Internal to vision/. All positions and lengths are checked against the bytes; a file that ends early, has a broken
/// checksum or misses a part is refused with that reason.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace atelier::vision {

struct Header {
  int64_t width = 0, height = 0;
  int64_t bits_per_pixel = 24;  // of the stored pixels
  int64_t scans = 1;            // JPEG: passes over the whole picture
  int orientation = 1;          // EXIF, 1 to 8
};

bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

/// @throws InvalidFile
Header read_png_header(std::string_view bytes, std::string_view what);
Header read_jpeg_header(std::string_view bytes, std::string_view what);

/// Every chunk up to IEND, checksums verified; bytes after IEND are not looked at.
/// @throws InvalidFile
void for_each_png_chunk(std::string_view bytes, std::string_view what,
                        const std::function<void(std::string_view type, std::string_view data)>& visit);
/// One chunk with its length and checksum.
std::string png_chunk(std::string_view type, std::string_view data);

/// The orientation in a TIFF header as EXIF has it; 1 if there is none or it makes no sense.
int exif_orientation(std::string_view tiff);

/// Big-endian unsigned numbers; the caller has checked the length.
inline uint32_t be16(std::string_view bytes, size_t at) {
  return static_cast<uint32_t>(static_cast<uint8_t>(bytes[at])) << 8 | static_cast<uint8_t>(bytes[at + 1]);
}
inline uint32_t be32(std::string_view bytes, size_t at) { return be16(bytes, at) << 16 | be16(bytes, at + 2); }

}  // namespace atelier::vision
