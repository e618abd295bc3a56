#include "retrieval/memory/document.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "retrieval/memory/checksum.h"

#include <algorithm>
#include <cmath>

namespace atelier::retrieval {
namespace {

constexpr double kWorkingPixels = 2 << 20;
constexpr int kThumbnailQuality = 90;

void check_text(const std::string& text, const char* field, size_t limit, const std::string& where) {
  REQUIRE(base::is_utf8(text), "{}: the {} is not UTF-8", where, field);
  REQUIRE(text.size() <= limit, "{}: the {} has {} bytes, at most {} are allowed", where, field, text.size(), limit);
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127;
  });
  REQUIRE(plain, "{}: the {} holds a control character", where, field);
}

void check_texts(const NewDocument& d, const std::string& where) {
  check_text(d.id, "id", DocumentLimits::id, where);
  check_text(d.caption, "caption", DocumentLimits::caption, where);
  check_text(d.source, "source", DocumentLimits::source, where);
  check_text(d.licence, "licence", DocumentLimits::licence, where);
  REQUIRE(d.tags.size() <= DocumentLimits::tags, "{}: {} tags, at most {} are allowed", where, d.tags.size(), DocumentLimits::tags);
  for (const std::string& tag : d.tags) check_text(tag, "tag", DocumentLimits::tag, where);
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  return begin == text.npos ? std::string() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// No larger than limit x limit, aspect kept, never enlarged.
vision::Image shrunk(const vision::Image& picture, double scale, vision::Filter filter) {
  if (scale >= 1) return picture;
  const auto side = [scale](int64_t pixels) { return std::max<int64_t>(1, std::llround(static_cast<double>(pixels) * scale)); };
  return vision::resize(picture, side(picture.width), side(picture.height), filter);
}

std::string make_thumbnail(const vision::Image& picture, int64_t size) {
  const double scale = static_cast<double>(size) / static_cast<double>(std::max(picture.width, picture.height));
  const vision::Image small = shrunk(picture, scale, vision::Filter::lanczos);
  std::string png = vision::encode_png(small), jpeg = vision::encode_jpeg(small, kThumbnailQuality);
  return png.size() <= jpeg.size() ? png : jpeg;  // drawings and photographs
}

std::string hash_picture(const vision::Image& picture) {
  Sha256 hash;
  const std::string head = fmt::format("picture {}x{} ", picture.width, picture.height);
  hash.add(head.data(), head.size());
  hash.add(picture.pixels.data(), picture.pixels.size());
  return hash.digest();
}

}  // namespace

void read_picture(NewDocument& document) {
  if (document.picture_bytes.empty() && !document.picture.empty())
    document.picture_bytes = base::read_file(document.picture, vision::ImageLimits{}.bytes);
  CHECK_FILE(document.picture.empty() || !document.picture_bytes.empty(), document.picture.string(), "is empty");
}

vision::Image working_picture(const vision::Image& picture) {
  const vision::Image rgb = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  return shrunk(rgb, std::sqrt(kWorkingPixels / static_cast<double>(rgb.width * rgb.height)), vision::Filter::bicubic);
}

PreparedDocument prepare(NewDocument document, int64_t thumbnail_size) {
  const std::string where = !document.where.empty()     ? document.where
                            : !document.picture.empty() ? document.picture.string()
                            : !document.id.empty()      ? document.id
                                                        : "a document";
  check_texts(document, where);
  document.caption = trimmed(document.caption);
  read_picture(document);
  const bool has_picture = !document.picture_bytes.empty();
  REQUIRE(has_picture || !document.caption.empty(), "{}: has neither a picture nor a caption", where);

  PreparedDocument prepared;
  Document& d = prepared.document;
  if (has_picture) {
    const std::string name = document.picture.empty() ? where : document.picture.string();
    const vision::Image picture = vision::decode_image(document.picture_bytes, name);
    prepared.picture = working_picture(picture);
    prepared.thumbnail = make_thumbnail(prepared.picture, thumbnail_size);
    prepared.content_hash = hash_picture(prepared.picture);
    prepared.file_hash = sha256(document.picture_bytes);
    d.width = picture.width;
    d.height = picture.height;
  } else {
    prepared.content_hash = sha256("caption " + document.caption);
  }
  d.id = document.id.empty() ? hexadecimal(prepared.content_hash).substr(0, 16) : std::move(document.id);
  d.caption = std::move(document.caption);
  d.tags = std::move(document.tags);
  d.source = std::move(document.source);
  d.licence = std::move(document.licence);
  return prepared;
}

}  // namespace atelier::retrieval
