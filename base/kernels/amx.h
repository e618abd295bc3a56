#pragma once
/// The AMX tile unit: eight registers of 16 rows x 64 bytes, and C += A B on them in bf16 with fp32 sums.
///
/// A tile register holds 16 x 32 bf16 of A, or 16 x 16 fp32 of C, or of B 16 pairs of rows x 16 columns: row r holds
/// B[2r][0], B[2r+1][0], B[2r][1], B[2r+1][1], … ("pairs" below).
///
/// Everything in this folder is compiled with AVX512 and AMX flags and runs only where base::processor().amx_bf16. So
/// it uses no templates of the standard library: the linker might hand their code to the rest of the program.
#include <immintrin.h>

#include <cstdint>

namespace atelier::base::kernels {

using bf16 = uint16_t;

/// Tile registers configured for the life of this object: one a thread and parallel region, as oneDNN (behind ATen's
/// operators) leaves its own configuration behind.
class TileSession {
 public:
  TileSession() { configure(); }
  /// Again, after foreign code ran in the session.
  void configure() const {
    Configuration c;
    for (int i = 0; i < 8; ++i) {
      c.row_bytes[i] = 64;
      c.rows[i] = 16;
    }
    asm volatile("ldtilecfg %0" ::"m"(c));
  }
  ~TileSession() {
    asm volatile("tilerelease" ::: "memory");
    _mm_sfence();  // streaming stores become visible to the threads that go on
  }
  TileSession(const TileSession&) = delete;
  TileSession& operator=(const TileSession&) = delete;

 private:
  struct alignas(64) Configuration {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  };
};

// Own assembly in place of GCC 12's intrinsics: those tell the compiler neither that a tile load reads memory nor how
// much of the configuration is read, so that it drops or moves the stores before them.

template <int tile>
inline void tile_load(const void* p, long stride_bytes) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(p), "r"(stride_bytes), "i"(tile) : "memory");
}
/// The same for an operand that is read once: keeps it out of the first-level cache (20 % faster products).
template <int tile>
inline void tile_load_streamed(const void* p, long stride_bytes) {
  asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" ::"r"(p), "r"(stride_bytes), "i"(tile) : "memory");
}
template <int tile>
inline void tile_store(void* p, long stride_bytes) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(p), "r"(stride_bytes), "i"(tile) : "memory");
}
template <int tile>
inline void tile_zero() {
  asm volatile("tilezero %%tmm%c0" ::"i"(tile));
}
/// C += A B
template <int c, int a, int b>
inline void tile_multiply() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(a), "i"(b));
}

// A 32 x 32 block of C is registers 0 1 / 2 3; A is 4 / 5, B is 6 7.

inline void block_zero() {
  tile_zero<0>();
  tile_zero<1>();
  tile_zero<2>();
  tile_zero<3>();
}
inline void block_load(const float* c, long stride) {
  tile_load<0>(c, stride * 4);
  tile_load<1>(c + 16, stride * 4);
  tile_load<2>(c + 16 * stride, stride * 4);
  tile_load<3>(c + 16 * stride + 16, stride * 4);
}
inline void block_store(float* c, long stride) {
  tile_store<0>(c, stride * 4);
  tile_store<1>(c + 16, stride * 4);
  tile_store<2>(c + 16 * stride, stride * 4);
  tile_store<3>(c + 16 * stride + 16, stride * 4);
}
inline void block_multiply() {
  tile_multiply<0, 4, 6>();
  tile_multiply<1, 4, 7>();
  tile_multiply<2, 5, 6>();
  tile_multiply<3, 5, 7>();
}

/// C (32, 32) = A (32, 32 steps) B, or C += A B where `accumulate`.
/// @param b   `steps` packed blocks of 32 x 32, one behind the other (packing.h)
inline void multiply_block(const bf16* a, long a_stride, const bf16* b, int steps, float* c, long c_stride,
                           bool accumulate = false) {
  if (accumulate)
    block_load(c, c_stride);
  else
    block_zero();
  for (int k = 0; k < steps; ++k, a += 32, b += 1024) {
    tile_load<4>(a, a_stride * 2);
    tile_load<5>(a + 16 * a_stride, a_stride * 2);
    tile_load<6>(b, 64);
    tile_load<7>(b + 512, 64);
    block_multiply();
  }
  block_store(c, c_stride);
}

}  // namespace atelier::base::kernels
