#include "kernels/elementwise/bfloat16.h"

#include <algorithm>
#include <vector>

#include "kernels/cast/cast.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kBlock = 2048;   // elements: 8 KiB as float32, of each operand
constexpr std::int64_t kPiece = 32768;  // of a thread, a multiple of it

void widen(const BFloat16* from, float* to, std::int64_t n) {
  pick(cast_ladder<BFloat16, float>, {n}).function(from, to, {n});
}
void narrow(const float* from, BFloat16* to, std::int64_t n) {
  pick(cast_ladder<float, BFloat16>, {n}).function(from, to, {n});
}

std::vector<float> widened(const BFloat16* x, std::int64_t n) {
  std::vector<float> wide;
  for (std::int64_t i = 0; i < n; ++i) wide.push_back(to_float(x[i]));
  return wide;
}
void round_all(const std::vector<float>& x, BFloat16* y) {
  std::transform(x.begin(), x.end(), y, to_bfloat16);
}

// How many elements an operand with these strides has.
std::int64_t extent(const BinaryShape& s,
                    const std::array<std::int64_t, BinaryShape::kMaxRank>& strides) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(s.rank); ++i) {
    if (strides[i] != 0) count *= s.sizes[i];
  }
  return count;
}

// Entries [first, last) of the outermost axis.
class OuterBlock {
 public:
  OuterBlock(const BinaryShape& s, std::int64_t most)
      : a_(extent(with_outer(s, most), s.a)),
        b_(extent(with_outer(s, most), s.b)),
        y_(most * rest(s)) {}

  void run(const BFloat16* a, const BFloat16* b, BFloat16* y, const BinaryShape& s,
           std::int64_t first, std::int64_t last) const {
    const BinaryShape block = with_outer(s, last - first);
    widen(a + first * s.a[0], a_.data(), extent(block, s.a));
    widen(b + first * s.b[0], b_.data(), extent(block, s.b));
    pick(binary_ladder<float>, block).function(a_.data(), b_.data(), y_.data(), block);
    narrow(y_.data(), y + first * rest(s), block.size());
  }

  static std::int64_t rest(const BinaryShape& s) {
    return s.size() / std::max<std::int64_t>(1, s.sizes[0]);
  }

 private:
  static BinaryShape with_outer(BinaryShape s, std::int64_t size) {
    s.sizes[0] = size;
    return s;
  }
  FloatScratch a_, b_, y_;
};

}  // namespace

void unary_bfloat16_reference(const BFloat16* x, BFloat16* y, const UnaryShape& s) {
  std::vector<float> wide = widened(x, s.size);
  unary_reference<float>(wide.data(), wide.data(), s);
  round_all(wide, y);
}

void unary_bfloat16_widened(const BFloat16* x, BFloat16* y, const UnaryShape& s) {
  parallel_for(s.size, kPiece, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch block(std::min(kBlock, last - first));
    for (std::int64_t i = first; i < last; i += kBlock) {
      const UnaryShape part{s.op, std::min(kBlock, last - i)};
      widen(x + i, block.data(), part.size);
      pick(unary_ladder<float>, part).function(block.data(), block.data(), part);
      narrow(block.data(), y + i, part.size);
    }
  });
}

void binary_bfloat16_reference(const BFloat16* a, const BFloat16* b, BFloat16* y,
                               const BinaryShape& s) {
  std::vector<float> sums(static_cast<std::size_t>(s.size()));
  if (sums.empty()) return;
  binary_reference<float>(widened(a, extent(s, s.a)).data(), widened(b, extent(s, s.b)).data(),
                          sums.data(), s);
  round_all(sums, y);
}

void binary_bfloat16_widened(const BFloat16* a, const BFloat16* b, BFloat16* y,
                             const BinaryShape& s) {
  if (s.size() == 0) return;
  const std::int64_t rest = OuterBlock::rest(s);
  const std::int64_t most = std::clamp<std::int64_t>(kBlock / rest, 1, s.sizes[0]);
  const std::int64_t piece = std::max<std::int64_t>(1, kPiece / (most * rest)) * most;
  parallel_for(s.sizes[0], piece, [&](std::int64_t first, std::int64_t last) {
    const OuterBlock block(s, most);
    for (std::int64_t i = first; i < last; i += most) {
      block.run(a, b, y, s, i, std::min(last, i + most));
    }
  });
}

}  // namespace keratin::kernels::cpu
