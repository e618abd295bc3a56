#pragma once
/// CRC32C against decay, SHA-256 for "the same picture".
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace atelier::retrieval {

/// CRC-32C (Castagnoli; RFC 3720 B.4), by the processor's instruction where there is one.
/// @param before  the checksum of what stood in front: crc32c(b, crc32c(a)) is that of a and b
uint32_t crc32c(const void* data, size_t size, uint32_t before = 0);
inline uint32_t crc32c(std::string_view bytes, uint32_t before = 0) { return crc32c(bytes.data(), bytes.size(), before); }

/// SHA-256 (FIPS 180-4) of bytes that come in parts.
class Sha256 {
 public:
  void add(const void* data, size_t size);
  /// 32 bytes. Nothing may be added after it.
  std::string digest();

 private:
  void block(const uint8_t* bytes);
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending_ = {};
  uint64_t length_ = 0;  // bytes so far
};

std::string sha256(std::string_view bytes);
std::string hexadecimal(std::string_view bytes);

}  // namespace atelier::retrieval
