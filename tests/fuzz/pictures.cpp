// PNG and JPEG: container walk, decoder, orientation, text chunks. Small limits keep the decoder's own time small.
#include "tests/fuzz/fuzz.h"
#include "vision/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view bytes = fuzz::text(data, size);
  fuzz::expect_user_errors([&] {
    const vision::Image image = vision::decode_image(bytes, "input", true, {.bytes = 1 << 20, .side = 1024, .pixels = 1 << 18});
    if (static_cast<int64_t>(image.pixels.size()) != image.width * image.height * image.channels) __builtin_trap();
  });
  fuzz::expect_user_errors([&] { vision::read_png_text(bytes, "input"); });
  return 0;
}
