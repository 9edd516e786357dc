// wgmma.mma_async: products by a warpgroup of operands in shared memory. As the PTX ISA says under
// "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions".
//
// D [64, n] lies in registers: with g = lane / 4, t = lane % 4, d[i] of a lane of warp w is row
// 16 w + g + 8 (i / 2 % 2), column 8 (i / 4) + 2 t + i % 2. A [64, 32 bytes] and B [32 bytes, n], of
// bf16 or tf32, lie in shared memory where a descriptor says; bits of it:
//
//   0 to 13   start address / 16           46 to 51  base offset; others than 0 are not emulated
//   16 to 29  leading byte offset / 16     62, 63    swizzle: none, 128, 64, 32 bytes
//   32 to 45  stride byte offset / 16
//
// Core matrices are 8 rows of 16 bytes, a chunk. Of an operand of which k lies together, row r,
// chunk c (0, 1) of k:
//   not swizzled   r / 8 strides + r % 8 chunks + c leadings
//   span of s      r / 8 strides + r % 8 spans + c chunks; leading is not read
// Of one of which rows lie together (16-bit elements only), chunk c of rows, k:
//   not swizzled   c strides + k % 8 chunks + k / 8 leadings
//   span of s      c / (s / 16) leadings + c % (s / 16) chunks + k % 8 spans + k / 8 strides
// and then the swizzle of the address. What a product reads it reads at the wait for its group, the
// latest time that hardware allows. Products are exact; sums of float32 in the order of k.
#pragma once

#include "tests/cuda_emulation/asynchronous.h"
#include "tests/cuda_emulation/tensor_cores.h"

namespace cuda_emulation {

struct WarpgroupProduct {
  float* sums;
  int columns;
  unsigned element;  // bytes
  std::uint64_t a, b;
  bool a_along_k, b_along_k, keep;  // keep: D = A B + D, else A B
  std::int64_t group;
};
void begin_product(WarpgroupProduct product, const char* file, unsigned line);
void fence_products();
void commit_products();
/// One by one, products of all groups but the last `left`; false when there are no more.
bool take_product(int left, WarpgroupProduct& product);

/// An operand as a descriptor gives it.
struct DescribedOperand {
  DynamicShared memory = dynamic_part();
  unsigned start, leading, stride, span, element;
  bool along_k;

  DescribedOperand(std::uint64_t descriptor, bool along_k_, unsigned element_)
      : element(element_), along_k(along_k_) {
    const auto field = [&](int bit) {
      return static_cast<unsigned>(descriptor >> bit & 0x3fff) << 4;
    };
    start = field(0), leading = field(16), stride = field(32);
    constexpr unsigned kSpans[] = {16, 128, 64, 32};
    span = kSpans[descriptor >> 62];
    if ((descriptor >> 46 & 0x3f) != 0) fault("not emulated: a descriptor with a base offset");
  }
  unsigned address(unsigned row, unsigned k) const {
    unsigned at = start;
    if (along_k) {
      const unsigned byte = k * element;
      at += row / 8 * stride + row % 8 * span + byte / 16 * (span == 16 ? leading : 16) + byte % 16;
    } else if (span == 16) {
      at += row / 8 * stride + k % 8 * 16 + k / 8 * leading + row % 8 * 2;
    } else {
      const unsigned chunk = row / 8, chunks = span / 16;
      at += chunk / chunks * leading + chunk % chunks * 16 + k % 8 * span + k / 8 * stride +
            row % 8 * 2;
    }
    return swizzled(at, span);
  }
  float at(unsigned row, unsigned k) const {
    unsigned bits = 0;
    std::memcpy(&bits, memory.at(address(row, k), element), element);
    return element == 2 ? from_bf16(bits) : from_tf32(bits);
  }
};

/// This thread's part of a product.
inline void multiply(const WarpgroupProduct& p) {
  const DescribedOperand a(p.a, p.a_along_k, p.element), b(p.b, p.b_along_k, p.element);
  const unsigned depth = 32 / p.element;
  const unsigned warp = threadIdx.x % 128 / kWarp, g = lane() / 4, t = lane() % 4;
  float rows[2][16];
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned k = 0; k < depth; ++k) rows[r][k] = a.at(16 * warp + g + 8 * r, k);
  for (unsigned i = 0; i < static_cast<unsigned>(p.columns) / 2; i += 4) {
    for (unsigned e = 0; e < 2; ++e) {
      float column[16];
      for (unsigned k = 0; k < depth; ++k) column[k] = b.at(2 * i + 2 * t + e, k);
      for (unsigned r = 0; r < 2; ++r) {
        float sum = p.keep ? p.sums[i + 2 * r + e] : 0;
        for (unsigned k = 0; k < depth; ++k) sum += rows[r][k] * column[k];
        p.sums[i + 2 * r + e] = sum;
      }
    }
  }
}

/// wgmma.mma_async.sync.aligned.m64n<columns>k16.f32.bf16.bf16, or k8.f32.tf32.tf32, A and B from
/// shared memory.
inline void multiply_async(float* sums, int columns, unsigned element, std::uint64_t a,
                           std::uint64_t b, bool a_along_k, bool b_along_k, bool keep,
                           const char* file, unsigned line) {
  if (blockDim.y != 1 || blockDim.z != 1 || blockDim.x % 128 != 0)
    fault("wgmma in a block whose threads are no whole warpgroups", file, line);
  const std::uint64_t mine[2] = {a, b};
  const Slots slots = exchange(0xffffffffU, mine, sizeof mine, file, line);
  for (unsigned i = 0; i < 4; ++i) {
    if (slot_register(slots, 0, i) != slot_register(slots, lane(), i))
      fault("wgmma: lanes of a warp give different descriptors", file, line);
  }
  begin_product({sums, columns, element, a, b, a_along_k, b_along_k, keep, 0}, file, line);
}

/// wgmma.wait_group.sync.aligned: when it returns, the whole warp's products are done.
inline void wait_for_products(int left, const char* file, unsigned line) {
  WarpgroupProduct product;
  while (take_product(left, product)) multiply(product);
  __syncwarp(0xffffffffU, file, line);
}

}  // namespace cuda_emulation
