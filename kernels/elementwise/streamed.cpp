// The simd rung in blocks that stay in the first-level cache, whose results bypass the others.
#include <algorithm>

#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"
#include "kernels/parallel.h"
#include "kernels/streaming.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kBlock = 512, kPiece = 128 * kBlock;

// compute(first, n, to) writes elements [first, first + n) of the result to `to`, from the same of x
// and, where it is not null, x2.
template <class F>
void in_blocks(std::int64_t size, const float* x, const float* x2, float* y, F compute) {
  parallel_for(size, kPiece, [&](std::int64_t first, std::int64_t last) {
    alignas(64) float block[kBlock];
    for (std::int64_t i = first; i < last; i += kBlock) {
      const std::int64_t n = std::min(kBlock, last - i);
      compute(i, n, static_cast<float*>(block));
      const std::int64_t next = i + n;
      stream_out(block, y + i, n, std::min(kBlock, last - next), x == nullptr ? nullptr : x + next,
                 x2 == nullptr ? nullptr : x2 + next);
    }
    finish_streaming();
  });
}

}  // namespace

bool unary_streamed_applies(const UnaryShape& s) {
  return unary_simd_applies(s) && beyond_caches(unary_cost<float>(s).bytes);
}

void unary_streamed(const float* x, float* y, const UnaryShape& s) {
  if (x == y) return unary_simd(x, y, s);  // the lines are in the cache: they were read
  in_blocks(s.size, x, nullptr, y, [&](std::int64_t first, std::int64_t n, float* to) {
    unary_simd(x + first, to, {s.op, n});
  });
}

bool binary_streamed_applies(const BinaryShape& s) {
  return s.rank == 1 && binary_simd_applies(s) && beyond_caches(binary_cost<float>(s).bytes);
}

void binary_streamed(const float* a, const float* b, float* y, const BinaryShape& s) {
  if (a == y || b == y) return binary_simd(a, b, y, s);
  in_blocks(s.size(), s.a[0] == 0 ? nullptr : a, s.b[0] == 0 ? nullptr : b, y,
            [&](std::int64_t first, std::int64_t n, float* to) {
              binary_simd(a + first * s.a[0], b + first * s.b[0], to, part_of(s, first, first + n));
            });
}

}  // namespace keratin::kernels::cpu
