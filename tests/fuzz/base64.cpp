// base64 and data: URIs: what is accepted is what encoding gives back, byte for byte.
#include "apps/service/data_uri.h"
#include "base/base64.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view text = fuzz::text(data, size);
  fuzz::expect_user_errors([&] {
    if (base::encode_base64(base::decode_base64(text, 1 << 20, "input")) != text) __builtin_trap();
  });
  fuzz::expect_user_errors([&] { service::decode_picture_text(text, 1 << 20, "input"); });
  if (base::decode_base64(base::encode_base64(text), size, "input") != text) __builtin_trap();
  return 0;
}
