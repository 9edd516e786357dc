#include "kernels/reduce/bfloat16.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/cast/cast.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kBlock = 4096;     // elements: 16 KiB as float32
constexpr std::int64_t kPiece = 1 << 18;  // of a thread at least
constexpr std::int64_t kMostPieces = 16;

void widen(const BFloat16* from, float* to, std::int64_t n) {
  pick(cast_ladder<BFloat16, float>, {n}).function(from, to, {n});
}
void narrow(const float* from, BFloat16* to, std::int64_t n) {
  pick(cast_ladder<float, BFloat16>, {n}).function(from, to, {n});
}
void narrow(const float* from, float* to, std::int64_t n) { std::copy_n(from, n, to); }
void reduce(const float* x, float* y, const ReduceShape& s) {
  pick(reduce_ladder<float>, s).function(x, y, s);
}

// Entries [first, last) of the reduced axis, a block after the other; `parts` holds a result a
// block, and then the one of all.
void reduce_entries(const BFloat16* x, const ReduceShape& s, std::int64_t first, std::int64_t last,
                    std::int64_t entries, float* block, float* parts) {
  std::int64_t held = 0;
  for (std::int64_t i = first; i < last; i += entries, held = 1) {
    const ReduceShape part{s.op, 1, std::min(entries, last - i), s.inner};
    widen(x + i * s.inner, block, part.reduced * s.inner);
    reduce(block, parts + held * s.inner, part);
    if (held == 0) continue;
    std::copy_n(parts, 2 * s.inner, block);
    reduce(block, parts, {s.op, 1, 2, s.inner});
  }
}

}  // namespace

template <class Y>
void reduce_bfloat16_reference(const BFloat16* x, Y* y, const ReduceShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.outer * s.reduced * s.inner));
  std::transform(x, x + wide.size(), wide.begin(), to_float);
  std::vector<float> result(static_cast<std::size_t>(s.outer * s.inner));
  reduce_reference<float>(wide.data(), result.data(), s);
  if constexpr (std::is_same_v<Y, BFloat16>) {
    std::transform(result.begin(), result.end(), y, to_bfloat16);
  } else {
    std::copy(result.begin(), result.end(), y);
  }
}

template <class Y>
void reduce_bfloat16_widened(const BFloat16* x, Y* y, const ReduceShape& s) {
  const std::int64_t group = s.reduced * s.inner;  // elements of an entry of the outer axis
  if (s.outer * s.inner == 0) return;
  if (group <= kBlock) {  // several of them a block
    const std::int64_t most =
        std::clamp<std::int64_t>(kBlock / std::max<std::int64_t>(1, group), 1, s.outer);
    const std::int64_t piece = std::max<std::int64_t>(1, kPiece / kBlock) * most;
    parallel_for(s.outer, piece, [&](std::int64_t first, std::int64_t last) {
      const FloatScratch wide(most * group), result(most * s.inner);
      for (std::int64_t i = first; i < last; i += most) {
        const std::int64_t count = std::min(most, last - i);
        widen(x + i * group, wide.data(), count * group);
        reduce(wide.data(), result.data(), {s.op, count, s.reduced, s.inner});
        narrow(result.data(), y + i * s.inner, count * s.inner);
      }
    });
    return;
  }
  const std::int64_t entries = std::max<std::int64_t>(2, kBlock / s.inner);
  const std::int64_t pieces =
      std::clamp<std::int64_t>(std::min(group / kPiece, s.reduced / entries), 1, kMostPieces);
  const FloatScratch joined(pieces * s.inner);
  for (std::int64_t o = 0; o < s.outer; ++o) {
    parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
      const FloatScratch block(entries * s.inner), parts(2 * s.inner);
      for (std::int64_t p = first; p < last; ++p) {
        reduce_entries(x + o * group, s, p * s.reduced / pieces, (p + 1) * s.reduced / pieces,
                       entries, block.data(), parts.data());
        std::copy_n(parts.data(), s.inner, joined.data() + p * s.inner);
      }
    });
    const FloatScratch result(s.inner);
    reduce(joined.data(), result.data(), {s.op, 1, pieces, s.inner});
    narrow(result.data(), y + o * s.inner, s.inner);
  }
}

template void reduce_bfloat16_reference(const BFloat16*, BFloat16*, const ReduceShape&);
template void reduce_bfloat16_reference(const BFloat16*, float*, const ReduceShape&);
template void reduce_bfloat16_widened(const BFloat16*, BFloat16*, const ReduceShape&);
template void reduce_bfloat16_widened(const BFloat16*, float*, const ReduceShape&);

}  // namespace keratin::kernels::cpu
