#include "vision/image.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace atelier::vision {

Image::Image(int64_t width_, int64_t height_, int64_t channels_, uint8_t fill)
    : width(width_), height(height_), channels(channels_) {
  REQUIRE(width >= 1 && width <= 65535 && height >= 1 && height <= 65535,
          "a picture's sides must be 1 to 65535 pixels, not {} x {}", width, height);
  ASSERT(channels == 3 || channels == 4);
  pixels.assign(static_cast<size_t>(width * height * channels), fill);
}

Image crop(const Image& image, int64_t x, int64_t y, int64_t width, int64_t height) {
  REQUIRE(x >= 0 && y >= 0 && width >= 1 && height >= 1 && width <= image.width && height <= image.height &&
              x <= image.width - width && y <= image.height - height,
          "the crop {} x {} at ({}, {}) must lie inside the picture of {} x {}", width, height, x, y, image.width,
          image.height);
  Image out(width, height, image.channels);
  for (int64_t row = 0; row < height; ++row)
    std::copy_n(image.at(x, y + row), width * image.channels, out.at(0, row));
  return out;
}

Image over(const Image& image, std::array<uint8_t, 3> background) {
  if (image.channels == 3) return image;
  Image out(image.width, image.height, 3);
  const uint8_t* from = image.pixels.data();
  uint8_t* to = out.pixels.data();
  for (int64_t i = 0; i < image.width * image.height; ++i, from += 4, to += 3)
    for (int c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>((from[c] * from[3] + background[c] * (255 - from[3]) + 127) / 255);
  return out;
}

Image grid(std::span<const Image> images, int64_t columns, int64_t gap) {
  REQUIRE(!images.empty(), "a grid needs at least one picture");
  REQUIRE(columns >= 1 && columns <= 1024, "a grid's columns must be 1 to 1024, not {}", columns);
  REQUIRE(gap >= 0 && gap <= 1024, "a grid's gap must be 0 to 1024 pixels, not {}", gap);
  const Image& first = images.front();
  const int64_t count = static_cast<int64_t>(images.size());
  columns = std::min(columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  Image out(columns * first.width + (columns - 1) * gap, rows * first.height + (rows - 1) * gap, first.channels);
  for (int64_t i = 0; i < count; ++i) {
    REQUIRE(images[i].width == first.width && images[i].height == first.height && images[i].channels == first.channels,
            "picture {} of the grid is {} x {} with {} channels, the first is {} x {} with {}", i + 1, images[i].width,
            images[i].height, images[i].channels, first.width, first.height, first.channels);
    const int64_t x = i % columns * (first.width + gap), y = i / columns * (first.height + gap);
    for (int64_t row = 0; row < first.height; ++row)
      std::copy_n(images[i].at(0, row), first.width * first.channels, out.at(x, y + row));
  }
  return out;
}

Image fit_square(const Image& image, int64_t size) {
  const Image rgb = over(image, {255, 255, 255});
  const int64_t longer = std::max(rgb.width, rgb.height);
  const auto scaled = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) * size / longer));
  };
  const Image fitted = resize(rgb, scaled(rgb.width), scaled(rgb.height), Filter::bicubic);
  Image out(size, size, 3);
  const int64_t x = (size - fitted.width) / 2, y = (size - fitted.height) / 2;
  for (int64_t row = 0; row < fitted.height; ++row) std::copy_n(fitted.at(0, row), fitted.width * 3, out.at(x, y + row));
  return out;
}

Tensor to_tensor(const Image& image) {
  const Image rgb = over(image, {255, 255, 255});
  const Tensor bytes = at::from_blob(const_cast<uint8_t*>(rgb.pixels.data()), {rgb.height, rgb.width, 3}, at::kByte);
  return bytes.permute({2, 0, 1}).to(at::kFloat).contiguous().div_(127.5).sub_(1);  // (3, height, width)
}

Image to_image(const Tensor& tensor) {
  ASSERT(tensor.dim() == 3 || (tensor.dim() == 4 && tensor.size(0) == 1));
  Tensor planes = tensor.detach().to(at::kCPU, at::kFloat).reshape(tensor.sizes().slice(tensor.dim() - 3));
  ASSERT(planes.size(0) == 3);
  if (!at::isfinite(planes).all().item<bool>())
    throw std::runtime_error("the picture that was computed holds values that are not finite");
  const Tensor bytes =
      planes.add(1).mul_(127.5).round_().clamp_(0, 255).to(at::kByte).permute({1, 2, 0}).contiguous();  // (height, width, 3)
  Image out(bytes.size(1), bytes.size(0), 3);
  std::copy_n(bytes.data_ptr<uint8_t>(), out.pixels.size(), out.pixels.data());
  return out;
}

}  // namespace atelier::vision
