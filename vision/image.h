#pragma once
/// A picture in memory, and the one path from bytes to pixels and back that every part of the program uses.
#include "base/tensor.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::vision {

/// 8-bit pixels, rows from the top, channels interleaved: RGB (3) or RGBA with straight alpha (4).
struct Image {
  int64_t width = 0, height = 0, channels = 3;
  std::vector<uint8_t> pixels;  // height * width * channels

  Image() = default;
  Image(int64_t width, int64_t height, int64_t channels = 3, uint8_t fill = 255);
  uint8_t* at(int64_t x, int64_t y) { return pixels.data() + (y * width + x) * channels; }
  const uint8_t* at(int64_t x, int64_t y) const { return pixels.data() + (y * width + x) * channels; }
};

/// What a picture from outside may be; checked in the file's header before anything is decoded.
struct ImageLimits {
  int64_t bytes = 32 << 20;
  int64_t side = 8192;
  int64_t pixels = 32 << 20;
};

/// PNG or JPEG (by magic bytes, not by name) to RGB; alpha is laid over white unless keep_alpha asks for RGBA.
/// @param what  names the picture in messages: a path, "image 2 of the request"
/// @throws InvalidFile
Image decode_image(std::string_view bytes, std::string_view what, bool keep_alpha = false, const ImageLimits& limits = {});
Image read_image(const std::filesystem::path& path, bool keep_alpha = false, const ImageLimits& limits = {});

/// PNG with text chunks (tEXt for Latin-1 values, iTXt otherwise), the same bytes for the same picture.
std::string encode_png(const Image& image, const std::vector<std::pair<std::string, std::string>>& text = {});
std::string encode_jpeg(const Image& image, int quality = 90);
/// "data:image/png;base64,…": a picture inside JSON, HTML or SVG.
std::string png_data_uri(const Image& image);
/// By the extension .png, .jpg, .jpeg; atomic. @throws InvalidArgument for another extension or a missing folder
void write_image(const std::filesystem::path& path, const Image& image,
                 const std::vector<std::pair<std::string, std::string>>& text = {});

/// The text chunks of a PNG; empty for other formats. @throws InvalidFile for a broken chunk
std::map<std::string, std::string> read_png_text(std::string_view bytes, std::string_view what);

/// Resampling filters, equal to Pillow's (antialiased when shrinking, 8-bit intermediate, rounding included).
enum class Filter { nearest, bilinear, bicubic, lanczos };
Image resize(const Image& image, int64_t width, int64_t height, Filter filter);

Image crop(const Image& image, int64_t x, int64_t y, int64_t width, int64_t height);
/// RGBA laid over one colour: RGB.
Image over(const Image& image, std::array<uint8_t, 3> background);
/// Pictures of one size side by side with `columns` a row and `gap` white pixels between.
Image grid(std::span<const Image> images, int64_t columns, int64_t gap = 4);

/// Fits a picture to size x size: whole picture, aspect kept, centred on white. What training saw.
Image fit_square(const Image& image, int64_t size);

/// (3, height, width) fp32 in [-1, 1], and back with rounding and clamping.
Tensor to_tensor(const Image& image);
Image to_image(const Tensor& tensor);  // (3, H, W) or (1, 3, H, W), any device and float dtype

/// Peak signal-to-noise ratio in dB and structural similarity (11x11 Gaussian window, sigma 1.5, per channel) of RGB.
double psnr(const Image& a, const Image& b);
double ssim(const Image& a, const Image& b);

}  // namespace atelier::vision
