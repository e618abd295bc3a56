#include "vision/image.h"

#include "base/error.h"
#include "base/json.h"
#include "base/safetensors.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace atelier::vision {
namespace {

using base::InvalidArgument;

Image from_bytes(const Tensor& bytes) {  // (height, width, 3) uint8
  Image image(bytes.size(1), bytes.size(0));
  std::copy_n(bytes.contiguous().data_ptr<uint8_t>(), image.pixels.size(), image.pixels.data());
  return image;
}

// Numbers from Pillow 13 (tests/data/README.md). The arithmetic is the same integer arithmetic, so they must be equal.
TEST(Resize, EqualsPillow) {
  const base::Safetensors expected(kData / "pil_resize.safetensors");
  const std::map<std::string, Filter> filters = {
      {"bilinear", Filter::bilinear}, {"bicubic", Filter::bicubic}, {"lanczos", Filter::lanczos}};
  int compared = 0;
  for (const auto& [key, info] : expected.tensors()) {
    const Image picture = read_image(kData / ("picture_" + key.substr(0, 1) + ".png"));
    const Image want = from_bytes(expected.read(key));
    const Image got = resize(picture, want.width, want.height, filters.at(key.substr(2, key.rfind('_') - 2)));
    EXPECT_EQ(got.pixels, want.pixels) << key;
    ++compared;
  }
  EXPECT_EQ(compared, 27);
}

TEST(Resize, HiddenColoursDoNotBleed) {
  Image image(4, 1, 4);
  image.pixels = {255, 0, 0, 255, 255, 0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0};  // red, then transparent green
  const Image half = resize(image, 2, 1, Filter::bilinear);
  for (int x = 0; x < 2; ++x) EXPECT_EQ(half.at(x, 0)[1], 0) << x;
  EXPECT_GT(half.at(0, 0)[3], 200);
}

TEST(Resize, NearestKeepsColoursAndBadSizesAreRefused) {
  Image image(2, 2);
  image.pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Image big = resize(image, 4, 4, Filter::nearest);
  EXPECT_EQ(big.at(1, 1)[0], 1);
  EXPECT_EQ(big.at(2, 1)[0], 4);
  EXPECT_EQ(big.at(3, 3)[2], 12);
  EXPECT_THROW(resize(image, 0, 4, Filter::nearest), InvalidArgument);
  EXPECT_THROW(resize(image, 4, 100000, Filter::bicubic), InvalidArgument);
}

// Numbers from scikit-image 0.26.
TEST(Metrics, EqualScikitImage) {
  const base::json expected = base::read_json(kData / "metrics.json");
  const Image a = read_image(kData / "picture_0.png"), b = read_image(kData / "picture_0_noisy.png");
  EXPECT_NEAR(psnr(a, b), expected.at("psnr_picture_0").get<double>(), 1e-6);
  EXPECT_NEAR(ssim(a, b), expected.at("ssim_gaussian_picture_0").get<double>(), 1e-6);
  EXPECT_EQ(psnr(a, a), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(ssim(a, a), 1, 1e-12);
  EXPECT_THROW(psnr(a, Image(3, 3)), InvalidArgument);
  EXPECT_THROW(ssim(Image(10, 20), Image(10, 20)), InvalidArgument);
}

TEST(Pixels, TensorRoundTripIsExact) {
  Image image(16, 16);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i);
  const Tensor tensor = to_tensor(image);
  EXPECT_EQ(tensor.sizes(), (at::IntArrayRef{3, 16, 16}));
  EXPECT_EQ(tensor.min().item<float>(), -1);
  EXPECT_EQ(tensor.max().item<float>(), 1);
  EXPECT_EQ(tensor[1][0][5].item<float>(), image.at(5, 0)[1] / 127.5f - 1);
  EXPECT_EQ(to_image(tensor).pixels, image.pixels);
  EXPECT_EQ(to_image(tensor.unsqueeze(0).to(at::kDouble)).pixels, image.pixels);
  EXPECT_EQ(to_image(at::full({3, 1, 1}, 7.0)).pixels, (std::vector<uint8_t>{255, 255, 255}));
  EXPECT_THROW(to_image(at::full({3, 1, 1}, NAN)), std::runtime_error);
}

TEST(Pixels, CropGridFitAndOver) {
  Image image(6, 2, 3, 10);
  image.at(5, 1)[0] = 99;
  const Image corner = crop(image, 4, 1, 2, 1);
  EXPECT_EQ(corner.at(1, 0)[0], 99);
  EXPECT_THROW(crop(image, 5, 0, 2, 1), InvalidArgument);
  EXPECT_THROW(crop(image, -1, 0, 2, 1), InvalidArgument);
  EXPECT_THROW(crop(image, std::numeric_limits<int64_t>::max(), 0, 1, 1), InvalidArgument);

  const std::vector<Image> three(3, image);
  const Image sheet = grid(three, 2, 4);
  EXPECT_EQ(sheet.width, 16);
  EXPECT_EQ(sheet.height, 8);
  EXPECT_EQ(sheet.at(6, 0)[0], 255);   // the gap
  EXPECT_EQ(sheet.at(10, 0)[0], 10);   // second picture
  EXPECT_EQ(sheet.at(5, 7)[0], 99);    // third
  EXPECT_EQ(sheet.at(10, 7)[0], 255);  // no fourth
  EXPECT_THROW(grid(std::vector<Image>{image, Image(1, 1)}, 2), InvalidArgument);

  const Image square = fit_square(image, 12);
  EXPECT_EQ(square.width, 12);
  EXPECT_EQ(square.at(6, 1)[0], 255);  // white above
  EXPECT_EQ(square.at(1, 5)[0], 10);   // the picture, 12 x 4, from row 4 to 7
  EXPECT_EQ(square.at(1, 8)[0], 255);

  Image half(1, 1, 4, 0);
  half.pixels = {0, 0, 0, 128};
  EXPECT_EQ(over(half, {255, 0, 0}).pixels, (std::vector<uint8_t>{127, 0, 0}));
}

}  // namespace
}  // namespace atelier::vision
