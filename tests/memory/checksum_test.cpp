#include "retrieval/memory/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace atelier::retrieval {
namespace {

// RFC 3720, B.4: 32 zero bytes, 32 of 0xff, 0 to 31; and the check value of the CRC catalogue.
TEST(Crc32c, EqualsThePublishedValues) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32c, GoesOnWhereItStopped) {
  const std::string text = "the whole is the sum of its parts";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(std::string_view(text).substr(cut), crc32c(std::string_view(text).substr(0, cut))), crc32c(text));
}

// FIPS 180-4's examples, and a length at which the padding needs a block of its own.
TEST(Sha256, EqualsThePublishedValues) {
  EXPECT_EQ(hexadecimal(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hexadecimal(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hexadecimal(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hexadecimal(sha256(std::string(1'000'000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesCome) {
  const std::string text(300, 'x');
  for (const size_t step : {1, 7, 63, 64, 65, 200}) {
    Sha256 hash;
    for (size_t at = 0; at < text.size(); at += step) hash.add(text.data() + at, std::min(step, text.size() - at));
    EXPECT_EQ(hash.digest(), sha256(text)) << step;
  }
}

}  // namespace
}  // namespace atelier::retrieval
