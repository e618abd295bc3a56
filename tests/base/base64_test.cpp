#include "base/base64.h"

#include "base/error.h"
#include "base/random.h"
#include "tests/support.h"

namespace atelier::base {
namespace {

TEST(Base64, TheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFF\xFE", "//4="}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text, 100, "it"), bytes);
  }
}

TEST(Base64, WhatIsEncodedIsDecoded) {
  Random random(5);
  for (size_t size = 0; size < 70; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(random.below(256));
    EXPECT_EQ(decode_base64(encode_base64(bytes), size, "it"), bytes);
  }
}

TEST(Base64, WhatIsNotStrictlyBase64) {
  const auto refused = [](const char* text, const char* why) { EXPECT_ERROR(decode_base64(text, 100, "it"), InvalidArgument, why); };
  refused("Zg", "no multiple of 4");
  refused("Zg=", "no multiple of 4");
  refused("Z===", "none of its alphabet");
  refused("Zg==Zg==", "none of its alphabet");
  refused("Zm9v\nZm9", "none of its alphabet");
  refused("Zm-v", "none of its alphabet");
  refused("Zh==", "bits are left over");
  refused("Zm9=", "bits are left over");
  refused("====", "none of its alphabet");
}

// The size is known before anything is allocated.
TEST(Base64, TheLimitIsOnDecodedBytes) {
  EXPECT_EQ(decode_base64("Zm9v", 3, "it"), "foo");
  EXPECT_ERROR(decode_base64("Zm9v", 2, "it"), InvalidArgument, "it has 3 bytes, at most 2");
}

}  // namespace
}  // namespace atelier::base
