#include "vision/stb.h"

#include "base/error.h"

#include <cstdlib>

namespace {

// stb grows its inflate buffer as long as there is compressed data, so 32 MB of zlib could ask for 32 GB. Its
// allocations therefore come from here, and one above the limit of the picture at hand fails like a lack of memory.
thread_local size_t largest_allocation = 0;

// Zeroed: a JPEG that lacks a table or a scan would otherwise show what lay in that memory before, or lead the decoder astray.
void* limited_malloc(size_t size) { return size <= largest_allocation ? std::calloc(1, size) : nullptr; }
void* limited_realloc(void* old, size_t size) { return size <= largest_allocation ? std::realloc(old, size) : nullptr; }

struct DecoderBug {};

}  // namespace

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MALLOC(size) limited_malloc(size)
#define STBI_REALLOC(old, size) limited_realloc(old, size)
#define STBI_FREE(pointer) std::free(pointer)
#define STBI_ASSERT(condition) \
  do {                         \
    if (!(condition)) throw DecoderBug(); \
  } while (false)
#include <stb/stb_image.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

namespace atelier::vision::stb {

Image decode(std::string_view bytes, int channels, size_t largest) {
  largest_allocation = largest;
  int width = 0, height = 0, in_file = 0;
  stbi_uc* pixels = nullptr;
  try {
    pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                                   &width, &height, &in_file, channels);
  } catch (const DecoderBug&) {
    return {};
  }
  if (!pixels) return {};
  Image image;
  image.width = width, image.height = height, image.channels = channels;
  image.pixels.assign(pixels, pixels + static_cast<size_t>(width) * height * channels);
  stbi_image_free(pixels);
  return image;
}

bool inflate(std::string_view compressed, size_t limit, std::string& out) {
  largest_allocation = limit;
  out.resize(limit);
  const int size = stbi_zlib_decode_buffer(out.data(), static_cast<int>(limit), compressed.data(),
                                           static_cast<int>(compressed.size()));
  out.resize(size > 0 ? size : 0);
  return size >= 0;
}

std::string encode_png(const Image& image) {
  const int channels = static_cast<int>(image.channels), width = static_cast<int>(image.width);
  int size = 0;
  unsigned char* png = stbi_write_png_to_mem(image.pixels.data(), width * channels, width,
                                             static_cast<int>(image.height), channels, &size);
  if (!png) throw base::ResourceError("not enough memory to write a PNG");
  std::string bytes(reinterpret_cast<char*>(png), size);
  std::free(png);
  return bytes;
}

std::string encode_jpeg(const Image& rgb, int quality) {
  std::string bytes;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<char*>(data), size);
  };
  stbi_write_jpg_to_func(append, &bytes, static_cast<int>(rgb.width), static_cast<int>(rgb.height), 3,
                         rgb.pixels.data(), quality);
  return bytes;
}

}  // namespace atelier::vision::stb
