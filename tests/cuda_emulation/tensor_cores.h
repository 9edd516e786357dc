// The tensor cores' instructions. Fragments lie as the PTX ISA says under "Matrix Fragments for
// mma.m16n8k8" (tf32) and "... mma.m16n8k16 with floating point type" (bf16): with g = lane / 4, the
// group, and t = lane % 4, the lane's place in it,
//
//   m16n8k16  a[i], i = 0..7: row g + 8 (i / 2 % 2), column 2 t + i % 2 + 8 (i / 4)
//             b[i], i = 0..3: row 2 t + i % 2 + 8 (i / 2), column g
//   m16n8k8   a[i], i = 0..3: row g + 8 (i % 2), column t + 4 (i / 2)
//             b[i], i = 0..1: row t + 4 i, column g
//   both      c[i], i = 0..3: row g + 8 (i / 2), column 2 t + i % 2
//
// Two bf16 share a register, the first in its lower half. Products are exact. How hardware orders
// and rounds a sum, the ISA leaves open; here float32 products are added to c one after the other in
// the order of k, each sum rounded to nearest. Of tf32 operands the lower 13 bits are ignored.
#pragma once

#include "tests/cuda_emulation/device.h"

namespace cuda_emulation {

inline void require_whole_warp(const char* file, unsigned line) {
  if (blockDim.x * blockDim.y * blockDim.z % kWarp != 0) {
    fault("an instruction of whole warps in a block whose last warp is not whole", file, line);
  }
}

inline float from_bf16(unsigned bits) { return __builtin_bit_cast(float, bits << 16); }
inline float from_tf32(unsigned bits) { return __builtin_bit_cast(float, bits & 0xffffe000U); }

// What a lane's four sums read of the others' registers: rows g and g + 8 of A, columns 2 t and
// 2 t + 1 of B. Slots hold a[4], then b[2].
CUDA_EMULATION_UNWATCHED inline unsigned slot_register(Slots slots, unsigned of_lane, unsigned at) {
  unsigned value;
  __builtin_memcpy(&value, slots[of_lane] + 4 * at, 4);
  return value;
}

template <int kDepth>
inline void add_products(float (&c)[4], const float (&a)[2][kDepth], const float (&b)[2][kDepth]) {
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < kDepth; ++k) c[i] += a[i / 2][k] * b[i % 2][k];
}

inline Slots exchange_fragments(const unsigned (&a)[4], const unsigned (&b)[2], const char* file,
                                unsigned line) {
  require_whole_warp(file, line);
  const unsigned mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  return exchange(0xffffffffU, mine, sizeof mine, file, line);
}

/// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 with d = c.
inline void mma_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                     const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
  const Slots slots = exchange_fragments(a, b, file, line);
  const unsigned g = lane() / 4, t = lane() % 4;
  float rows[2][16], columns[2][16];
  for (unsigned r = 0; r < 2; ++r) {
    for (unsigned k = 0; k < 16; k += 2) {
      const unsigned from = k % 8 / 2, half = k / 8;
      const unsigned of_a = slot_register(slots, 4 * g + from, r + 2 * half);
      const unsigned of_b = slot_register(slots, 4 * (2 * t + r) + from, 4 + half);
      rows[r][k] = from_bf16(of_a & 0xffff), rows[r][k + 1] = from_bf16(of_a >> 16);
      columns[r][k] = from_bf16(of_b & 0xffff), columns[r][k + 1] = from_bf16(of_b >> 16);
    }
  }
  add_products(c, rows, columns);
}

/// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 with d = c.
inline void mma_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                     const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
  const Slots slots = exchange_fragments(a, b, file, line);
  const unsigned g = lane() / 4, t = lane() % 4;
  float rows[2][8], columns[2][8];
  for (unsigned r = 0; r < 2; ++r) {
    for (unsigned k = 0; k < 8; ++k) {
      const unsigned from = k % 4, half = k / 4;
      rows[r][k] = from_tf32(slot_register(slots, 4 * g + from, r + 2 * half));
      columns[r][k] = from_tf32(slot_register(slots, 4 * (2 * t + r) + from, 4 + half));
    }
  }
  add_products(c, rows, columns);
}

/// cvt.rna.tf32.f32: to nearest, ties away from zero. Of the 13 bits that tf32 does not have the ISA
/// says nothing: here they are no zeros.
inline unsigned to_tf32(float x) {
  const auto bits = __builtin_bit_cast(unsigned, x);
  constexpr unsigned kLeftOpen = 0x0aaa;
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fffffff;
  if ((bits & 0x7fffffff) == 0x7f800000) return bits;
  return ((bits + 0x1000) & 0xffffe000U) | kLeftOpen;
}

/// ldmatrix.sync.aligned.m8n8.x<count>[.trans].shared.b16: lane i gives the row of 16 bytes i % 8 of
/// matrix i / 8. Register m of a lane is two neighbours of matrix m: row lane / 4, elements
/// 2 (lane % 4) and the next; transposed: column lane / 4, rows so.
template <int count, bool trans>
inline void load_matrices(unsigned (&to)[count], const void* row,
                          const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
  static_assert(count == 1 || count == 2 || count == 4);
  require_whole_warp(file, line);
  const unsigned mine = lane();
  if (mine < 8 * count && reinterpret_cast<std::uintptr_t>(row) % 16 != 0)
    fault("ldmatrix: a row that does not begin at a multiple of 16 bytes", file, line);
  const Slots slots = exchange(0xffffffffU, &row, sizeof row, file, line);
  const unsigned char* rows[8 * count];
  for (unsigned i = 0; i < 8 * count; ++i) {
    const std::uint64_t low = slot_register(slots, i, 0), high = slot_register(slots, i, 1);
    rows[i] = reinterpret_cast<const unsigned char*>(high << 32 | low);
  }
  for (unsigned m = 0; m < count; ++m) {
    const unsigned outer = mine / 4, inner = mine % 4 * 2;
    std::uint16_t pair[2];  // read here, in watched code
    for (unsigned i = 0; i < 2; ++i) {
      const unsigned r = trans ? inner + i : outer, column = trans ? outer : inner + i;
      std::memcpy(&pair[i], rows[8 * m + r] + 2 * column, 2);
    }
    to[m] = pair[0] | static_cast<unsigned>(pair[1]) << 16;
    if (mine == 0) count_bank_conflicts(reinterpret_cast<const void* const*>(rows + 8 * m), 8, 16);
  }
}

/// An access of 4 bytes of shared memory by a whole warp.
inline void note_load(const void* at, const char* file = __builtin_FILE(),
                      unsigned line = __builtin_LINE()) {
  if (!counts_loads()) return;
  const Slots slots = exchange(0xffffffffU, &at, sizeof at, file, line);
  const void* all[kWarp];
  for (unsigned i = 0; i < kWarp; ++i) {
    const std::uint64_t low = slot_register(slots, i, 0), high = slot_register(slots, i, 1);
    all[i] = reinterpret_cast<const void*>(high << 32 | low);
  }
  if (lane() == 0) count_bank_conflicts(all, kWarp, 4);
}

}  // namespace cuda_emulation
