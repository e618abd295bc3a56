#include "vision/container.h"
#include "vision/image.h"
#include "vision/stb.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <algorithm>
#include <optional>

namespace atelier::vision {
namespace {

constexpr size_t kHeaderEnd = 8 + 25;  // signature and IHDR: text before the pixels is found without reading them

/// UTF-8 as Latin-1, or nothing if it has other characters or ones that tEXt must not hold (control characters but
/// the line feed).
std::optional<std::string> to_latin1(std::string_view utf8) {
  std::string latin1;
  for (size_t i = 0; i < utf8.size(); ++i) {
    auto c = static_cast<uint8_t>(utf8[i]);
    if (c >= 0x80) {
      if (c > 0xC3 || i + 1 == utf8.size()) return std::nullopt;
      c = static_cast<uint8_t>((c & 0x03) << 6 | (utf8[++i] & 0x3F));
      if (c < 0xA0) return std::nullopt;
    } else if ((c < 0x20 && c != '\n') || c == 0x7F) {
      return std::nullopt;
    }
    latin1 += static_cast<char>(c);
  }
  return latin1;
}

std::string text_chunk(const std::string& keyword, const std::string& value) {
  REQUIRE(!keyword.empty() && keyword.size() <= 79 && keyword.front() != ' ' && keyword.back() != ' ' &&
              std::all_of(keyword.begin(), keyword.end(), [](char c) { return c >= 0x20 && c < 0x7F; }),
          "a PNG text keyword must have 1 to 79 ASCII characters and no spaces around it, not '{}'", keyword);
  REQUIRE(base::is_utf8(value) && value.find('\0') == std::string::npos,
          "the PNG text '{}' must be UTF-8 without zero bytes", keyword);
  if (const std::optional<std::string> latin1 = to_latin1(value))
    return png_chunk("tEXt", keyword + '\0' + *latin1);
  const std::string uncompressed_no_language(5, '\0');  // keyword's end, flag, method, language, translated keyword
  return png_chunk("iTXt", keyword + uncompressed_no_language + value);
}

void require_pixels(const Image& image) {
  ASSERT(image.channels == 3 || image.channels == 4);
  ASSERT(static_cast<int64_t>(image.pixels.size()) == image.width * image.height * image.channels);
  REQUIRE(image.width >= 1 && image.height >= 1 && image.width * image.height <= 1 << 28,
          "a picture of {} x {} cannot be written: at most {} pixels can", image.width, image.height, 1 << 28);
}

}  // namespace

std::string encode_png(const Image& image, const std::vector<std::pair<std::string, std::string>>& text) {
  require_pixels(image);
  std::string chunks;
  for (const auto& [keyword, value] : text) chunks += text_chunk(keyword, value);
  std::string png = stb::encode_png(image);
  png.insert(kHeaderEnd, chunks);
  return png;
}

std::string png_data_uri(const Image& image) { return "data:image/png;base64," + base::encode_base64(encode_png(image)); }

std::string encode_jpeg(const Image& image, int quality) {
  require_pixels(image);
  REQUIRE(quality >= 1 && quality <= 100, "JPEG quality must be 1 to 100, not {}", quality);
  REQUIRE(image.width <= 65535 && image.height <= 65535, "a JPEG's sides are at most 65535 pixels, not {} x {}",
          image.width, image.height);
  return stb::encode_jpeg(over(image, {255, 255, 255}), quality);
}

void write_image(const std::filesystem::path& path, const Image& image,
                 const std::vector<std::pair<std::string, std::string>>& text) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  if (extension == ".png") return base::write_file(path, encode_png(image, text));
  REQUIRE(extension == ".jpg" || extension == ".jpeg", "{}: a picture is written as .png, .jpg or .jpeg, not '{}'",
          path.string(), extension);
  base::write_file(path, encode_jpeg(image));
}

}  // namespace atelier::vision
