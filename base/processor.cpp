#include "base/compute.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <array>
#include <cstring>

namespace atelier::base {
namespace {

#if defined(__x86_64__)

struct Registers {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

bool bit(uint64_t word, int index) { return (word >> index) & 1; }

/// The register states that the kernel saves and restores; without that a feature may not be used.
uint64_t saved_states() {
  if (!bit(cpuid(1).ecx, 27)) return 0;  // OSXSAVE
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

/// Linux gives the 8 KB of tile registers only to processes that ask.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

std::string brand() {
  std::array<char, 49> text = {};
  if (cpuid(0x80000000).eax >= 0x80000004) {
    for (uint32_t i = 0; i < 3; ++i) {
      const Registers r = cpuid(0x80000002 + i);
      std::memcpy(text.data() + 16 * i, &r, sizeof r);
    }
  }
  const std::string name = text.data();
  const size_t first = name.find_first_not_of(' ');
  return first == std::string::npos ? "x86-64" : name.substr(first, name.find_last_not_of(' ') - first + 1);
}

Processor look() {
  Processor p;
  p.name = brand();
  const Registers basic = cpuid(1), extended = cpuid(7), more = cpuid(7, 1);
  const uint64_t saved = saved_states();
  const bool ymm = (saved & 0x6) == 0x6, zmm = (saved & 0xe6) == 0xe6, tiles = (saved & 0x60000) == 0x60000;
  p.avx2 = ymm && bit(extended.ebx, 5) && bit(basic.ecx, 12);  // with FMA
  p.avx512 = p.avx2 && zmm && bit(extended.ebx, 16) && bit(extended.ebx, 17) && bit(extended.ebx, 30) &&
             bit(extended.ebx, 31);  // F, DQ, BW, VL
  p.avx512_bf16 = p.avx512 && bit(more.eax, 5);
  p.amx_bf16 = p.avx512_bf16 && tiles && bit(extended.edx, 22) && bit(extended.edx, 24) && may_use_tiles();
  return p;
}

#else

Processor look() {
  Processor p;
  p.name = "not an x86-64 processor";
  return p;
}

#endif

}  // namespace

const Processor& processor() {
  static const Processor found = look();
  return found;
}

}  // namespace atelier::base
