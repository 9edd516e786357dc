// Blocks of bfloat16 by the instructions that x86 has for it: vdpbf16ps (AVX-512 BF16) and
// tdpbf16ps (AMX). Both add two neighbouring products to a sum, so that a panel of B holds pairs of
// k: [k / 2] [column][2]. Sources: Intel, Architecture Instruction Set Extensions Programming
// Reference, 319433, and Optimization Reference Manual, chapter 20 (2 x 2 tiles of sums for 2 + 2
// loads).
#include "kernels/x86_bfloat16.h"

#include "kernels/error.h"
#include "kernels/gemm/bfloat16_blocks.h"
#include "kernels/processor.h"

#if KERATIN_X86_BFLOAT16
#if !defined(__clang__)  // GCC 12's header has vectors of any content (bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#define KERATIN_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define KERATIN_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define KERATIN_AMX __attribute__((target("amx-tile,amx-bf16")))

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kDepth = 32;  // k of a tile, and of what is packed at a time
constexpr std::int64_t kLanes = 16;  // sums of a vector, and of a row of a tile
constexpr std::int64_t kPanel = 2 * kLanes;

KERATIN_AVX512 inline __mmask16 first16(std::int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}
KERATIN_AVX512 inline __mmask32 first32(std::int64_t count) {
  return static_cast<__mmask32>(count >= 32 ? 0xffffffffu : count <= 0 ? 0u : (1u << count) - 1u);
}

// Lane j: element j of two rows, `from` and the next, the first in the lower half. A row is 0 where
// there is none.
KERATIN_AVX512 inline __m512i pair_rows(const BFloat16* from, std::int64_t ld, __mmask16 columns,
                                        std::int64_t rows) {
  __m512i low = _mm512_setzero_si512(), high = low;
  if (rows > 0) low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, from));
  if (rows > 1) high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, from + ld));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 16 x 16 lanes of 32 bits.
KERATIN_AVX512 inline void transpose(__m512i (&v)[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {  // within blocks of 128 bits: pairs of rows, then fours
    t[2 * i] = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    v[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    v[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    v[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    v[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // v[4 r + i]: columns i, i + 4, i + 8, i + 12 of rows 4 r ...
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

KERATIN_AVX512 void pack_rows(const BFloat16* a, std::int64_t ld, bool trans, std::int64_t rows,
                              std::int64_t k, void* packed, std::int64_t to_ld) {
  auto* const to = static_cast<BFloat16*>(packed);
  if (!trans) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t r = 0; r < k; r += 32) {
        const __m512i v = _mm512_maskz_loadu_epi16(first32(k - r), a + i * ld + r);
        _mm512_storeu_si512(to + i * to_ld + r, v);
      }
    }
    return;
  }
  for (std::int64_t r = 0; r < k; r += kDepth) {
    for (std::int64_t i = 0; i < rows; i += kLanes) {
      const __mmask16 mask = first16(rows - i);
      __m512i v[16];
#pragma GCC unroll 16
      for (int p = 0; p < 16; ++p) {
        v[p] = pair_rows(a + (r + 2 * p) * ld + i, ld, mask, k - r - 2 * p);
      }
      transpose(v);
      const std::int64_t count = std::min(kLanes, rows - i);
      if (count == kLanes) {
#pragma GCC unroll 16
        for (int j = 0; j < 16; ++j) _mm512_storeu_si512(to + (i + j) * to_ld + r, v[j]);
      } else {
        for (std::int64_t j = 0; j < count; ++j) {
          _mm512_storeu_si512(to + (i + j) * to_ld + r, v[j]);
        }
      }
    }
  }
}

// Four panels at a time: whole lines of B are read, and few streams are written.
KERATIN_AVX512 void pack_across(const BFloat16* b, std::int64_t ld, std::int64_t k,
                                std::int64_t columns, BFloat16* to, std::int64_t panel_size) {
  const std::int64_t filled = (k + kDepth - 1) / kDepth * kDepth;
  for (std::int64_t column0 = 0; column0 < columns; column0 += 4 * kPanel) {
    const std::int64_t count = std::min(4 * kPanel, columns - column0);
    const std::int64_t halves = (count + kPanel - 1) / kPanel * 2;
    BFloat16* const first = to + column0 / kPanel * panel_size;
    for (std::int64_t r = 0; r < filled; r += 2) {
      const BFloat16* const from = b + r * ld + column0;
      for (std::int64_t i = 0; i < halves; ++i) {
        const __mmask16 mask = first16(count - i * kLanes);
        const __m512i pairs =
            mask == 0 ? _mm512_setzero_si512() : pair_rows(from + i * kLanes, ld, mask, k - r);
        _mm512_storeu_si512(first + i / 2 * panel_size + r * kPanel + i % 2 * 2 * kLanes, pairs);
      }
    }
  }
}

KERATIN_AVX512 void pack_along(const BFloat16* b, std::int64_t ld, std::int64_t k,
                               std::int64_t columns, BFloat16* to) {
  const std::int64_t filled = (k + kDepth - 1) / kDepth * kDepth;
  for (std::int64_t r = 0; r < filled; r += kDepth) {
    const __mmask32 mask = first32(k - r);
    for (std::int64_t half = 0; half < 2; ++half) {
      __m512i v[16];
#pragma GCC unroll 16
      for (int j = 0; j < 16; ++j) {
        const std::int64_t column = half * kLanes + j;
        v[j] = column < columns ? _mm512_maskz_loadu_epi16(mask, b + column * ld + r)
                                : _mm512_setzero_si512();
      }
      transpose(v);
#pragma GCC unroll 16
      for (int p = 0; p < 16; ++p) {
        _mm512_storeu_si512(to + (r + 2 * p) * kPanel + half * 2 * kLanes, v[p]);
      }
    }
  }
}

void pack_panels(const BFloat16* b, std::int64_t ld, bool trans, std::int64_t k,
                 std::int64_t columns, void* packed, std::int64_t panel_size) {
  auto* const to = static_cast<BFloat16*>(packed);
  if (!trans) return pack_across(b, ld, k, columns, to, panel_size);
  for (std::int64_t column = 0; column < columns; column += kPanel) {
    pack_along(b + column * ld, ld, k, std::min(kPanel, columns - column),
               to + column / kPanel * panel_size);
  }
}

KERATIN_AVX512 void copy_runs(const BFloat16* from, std::int64_t from_step, std::int64_t count,
                              std::int64_t length, BFloat16* to, std::int64_t to_step) {
  const std::int64_t whole = length / 32 * 32;
  const __mmask32 rest = first32(length - whole);
  for (std::int64_t i = 0; i < count; ++i, from += from_step, to += to_step) {
    for (std::int64_t j = 0; j < whole; j += 32) {
      _mm512_storeu_si512(to + j, _mm512_loadu_si512(from + j));
    }
    if (rest == 0) continue;
    _mm512_mask_storeu_epi16(to + whole, rest, _mm512_maskz_loadu_epi16(rest, from + whole));
  }
}

// vdpbf16ps --------------------------------------------------------------------------------------

constexpr int kTileRows = 14;  // 28 sums, 2 vectors of B and 1 of A in 32 registers

struct TileCall {
  const BFloat16* a;
  std::int64_t a_ld;
  const BFloat16* b;
  std::int64_t k;
  float* c;
  std::int64_t ldc;
  bool accumulate;
};

template <int R>
KERATIN_AVX512_BF16 void tile(const TileCall& call) {
  __m512 sums[R][2];
#pragma GCC unroll 14
  for (int i = 0; i < R; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  const BFloat16 *a = call.a, *b = call.b;
  const std::int64_t ld = call.a_ld;
  const BFloat16 *const a5 = a + 5 * ld, *const a10 = a + 10 * ld;
  for (std::int64_t r = 0; r < call.k; r += 2, b += 2 * kPanel) {
    const auto left = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b));
    const auto right = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + kPanel));
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
      const BFloat16* const row = (i < 5    ? a + i * ld
                                   : i < 10 ? a5 + (i - 5) * ld
                                            : a10 + (i - 10) * ld) +
                                  r;
      std::int32_t pair;
      std::memcpy(&pair, row, sizeof(pair));
      const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      sums[i][0] = _mm512_dpbf16_ps(sums[i][0], x, left);
      sums[i][1] = _mm512_dpbf16_ps(sums[i][1], x, right);
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < R; ++i) {
    float* const c = call.c + i * call.ldc;
    if (call.accumulate) {
      sums[i][0] = _mm512_add_ps(sums[i][0], _mm512_loadu_ps(c));
      sums[i][1] = _mm512_add_ps(sums[i][1], _mm512_loadu_ps(c + kLanes));
    }
    _mm512_storeu_ps(c, sums[i][0]);
    _mm512_storeu_ps(c + kLanes, sums[i][1]);
  }
}

using TileFn = void (*)(const TileCall&);
template <int... kRow>
constexpr std::array<TileFn, sizeof...(kRow)> tiles_of(std::integer_sequence<int, kRow...>) {
  return {&tile<kRow + 1>...};
}
constexpr auto kTiles = tiles_of(std::make_integer_sequence<int, kTileRows>());

void multiply_vectors(const void* a, std::int64_t a_ld, std::int64_t rows, const void* b,
                      std::int64_t b_step, std::int64_t panels, std::int64_t k, float* c,
                      std::int64_t ldc, bool accumulate) {
  const std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    for (std::int64_t t = 0; t < tiles; ++t) {
      const std::int64_t row = t * rows / tiles, count = (t + 1) * rows / tiles - row;
      kTiles[static_cast<std::size_t>(count - 1)](
          {.a = static_cast<const BFloat16*>(a) + row * a_ld,
           .a_ld = a_ld,
           .b = static_cast<const BFloat16*>(b) + panel * b_step,
           .k = k,
           .c = c + row * ldc + panel * kPanel,
           .ldc = ldc,
           .accumulate = accumulate});
    }
  }
}

// tdpbf16ps --------------------------------------------------------------------------------------

struct TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {};  // of a row
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

// Tiles 0 1 / 2 3: sums; 4, 5: rows of A; 6, 7: columns of B. `top` rows in 0, 1 and 4, `below` in
// those under them.
KERATIN_AMX void configure(std::int64_t top, std::int64_t below) {
  TileConfig config;
  for (const int i : {0, 1, 2, 3, 4, 5, 6, 7}) {
    const bool lower = i == 2 || i == 3 || i == 5;
    config.bytes[i] = 64;
    config.rows[i] = static_cast<std::uint8_t>(i >= 6  ? 16
                                               : lower ? std::max<std::int64_t>(1, below)
                                                       : top);
  }
  __asm__ volatile("" : : "r"(&config) : "memory");  // GCC's ldtilecfg reads 8 bytes, it believes
  _tile_loadconfig(&config);
}

// Tile numbers are part of the instructions: two functions, not one with a loop.
KERATIN_AMX void multiply_upper(const BFloat16* a, std::int64_t a_step, const BFloat16* b,
                                std::int64_t k, float* c, std::int64_t c_step, bool accumulate) {
  constexpr std::int64_t kStep = 2 * kPanel * sizeof(BFloat16);
  if (accumulate) {
    _tile_loadd(0, c, c_step);
    _tile_loadd(1, c + kLanes, c_step);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  for (std::int64_t r = 0; r < k; r += kDepth, a += kDepth, b += kDepth * kPanel) {
    _tile_loadd(4, a, a_step);
    _tile_loadd(6, b, kStep);
    _tile_loadd(7, b + 2 * kLanes, kStep);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, c, c_step);
  _tile_stored(1, c + kLanes, c_step);
}

KERATIN_AMX void multiply_both(const BFloat16* a, std::int64_t a_step, const BFloat16* b,
                               std::int64_t k, float* c, std::int64_t c_step, bool accumulate) {
  constexpr std::int64_t kStep = 2 * kPanel * sizeof(BFloat16);
  const BFloat16* below = a + kLanes * a_step / static_cast<std::int64_t>(sizeof(BFloat16));
  float* const c_below = c + kLanes * c_step / static_cast<std::int64_t>(sizeof(float));
  if (accumulate) {
    _tile_loadd(0, c, c_step);
    _tile_loadd(1, c + kLanes, c_step);
    _tile_loadd(2, c_below, c_step);
    _tile_loadd(3, c_below + kLanes, c_step);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (std::int64_t r = 0; r < k; r += kDepth, a += kDepth, below += kDepth, b += kDepth * kPanel) {
    _tile_loadd(6, b, kStep);
    _tile_loadd(4, a, a_step);
    _tile_loadd(7, b + 2 * kLanes, kStep);
    _tile_loadd(5, below, a_step);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, c_step);
  _tile_stored(1, c + kLanes, c_step);
  _tile_stored(2, c_below, c_step);
  _tile_stored(3, c_below + kLanes, c_step);
}

KERATIN_AMX void multiply_tiles(const void* a, std::int64_t a_ld, std::int64_t rows, const void* b,
                                std::int64_t b_step, std::int64_t panels, std::int64_t k, float* c,
                                std::int64_t ldc, bool accumulate) {
  const auto a_bytes = a_ld * static_cast<std::int64_t>(sizeof(BFloat16)),
             c_bytes = ldc * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t whole = rows / (2 * kLanes) * 2 * kLanes, rest = rows - whole;
  if (whole > 0) configure(kLanes, kLanes);
  for (std::int64_t panel = 0; panel < panels; ++panel) {  // its part of B stays in the L1 cache
    for (std::int64_t row = 0; row < whole; row += 2 * kLanes) {
      multiply_both(static_cast<const BFloat16*>(a) + row * a_ld, a_bytes,
                    static_cast<const BFloat16*>(b) + panel * b_step, k,
                    c + row * ldc + panel * kPanel, c_bytes, accumulate);
    }
  }
  if (rest > 0) configure(std::min(kLanes, rest), rest - kLanes);
  for (std::int64_t panel = 0; rest > 0 && panel < panels; ++panel) {
    const auto multiply = rest > kLanes ? multiply_both : multiply_upper;
    multiply(static_cast<const BFloat16*>(a) + whole * a_ld, a_bytes,
             static_cast<const BFloat16*>(b) + panel * b_step, k, c + whole * ldc + panel * kPanel,
             c_bytes, accumulate);
  }
  _tile_release();
}

}  // namespace

BFloat16Blocks avx512_bf16_blocks() {
  KERATIN_ASSERT(has_avx512_bfloat16());
  return {.rows = kTileRows,
          .panel = kPanel,
          .depth = kDepth,
          .element = sizeof(BFloat16),
          .piece_work = 1 << 19,
          .pack_rows = pack_rows,
          .pack_panels = pack_panels,
          .multiply = multiply_vectors,
          .copy_runs = copy_runs};
}

BFloat16Blocks amx_blocks() {
  KERATIN_ASSERT(has_amx_bfloat16());  // it asks the system for the tiles
  return {.rows = 2 * kLanes,
          .panel = kPanel,
          .depth = kDepth,
          .element = sizeof(BFloat16),
          .piece_work = 1 << 22,
          .pack_rows = pack_rows,
          .pack_panels = pack_panels,
          .multiply = multiply_tiles,
          .copy_runs = copy_runs};
}

}  // namespace keratin::kernels::cpu
#else

namespace keratin::kernels::cpu {
BFloat16Blocks avx512_bf16_blocks() { throw Error("gemm_bfloat16: compiled without AVX-512 BF16"); }
BFloat16Blocks amx_blocks() { throw Error("gemm_bfloat16: compiled without AMX"); }
}  // namespace keratin::kernels::cpu

#endif
