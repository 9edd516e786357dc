// How many rows have their largest score where their label says: what the accuracy of a classifier
// is a mean of.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct MatchesShape {
  std::int64_t rows, classes;  // rows up to 2^24, of which float32 has every count
  std::string text() const;
};

/// count[0] = the number of rows r of x [rows, classes] whose largest score, by arg_reduce's order
/// (the first of equals, a NaN before all), has the place labels[r]. A fraction in a label is cut
/// off; a label that is no class matches nothing.
template <class I>
using MatchesFn = void (*)(const float* x, const I* labels, float* count, const MatchesShape& s);
template <class I>
constexpr Cost matches_cost(const MatchesShape& s) {
  const double rows = static_cast<double>(s.rows), n = rows * static_cast<double>(s.classes);
  return {.flops = n, .bytes = sizeof(float) * (n + 1) + sizeof(I) * rows};
}

namespace cpu {
template <class I>
void matches_reference(const float* x, const I* labels, float* count, const MatchesShape& s);
}

/// On the CPU the metrics (nn/metrics/accuracy.cpp) compare what arg_reduce gives instead.
template <class I>
inline constexpr auto matches_ladder =
    Ladder{"reduce", "matches", matches_cost<I>,
           std::array{Rung<MatchesFn<I>>{"reference", "", always, cpu::matches_reference<I>}}};

namespace cuda {
template <class I>
void matches_parts(const float* x, const I* labels, float* count, const MatchesShape& s,
                   const Stream& stream);
template <class I>
void matches_block(const float* x, const I* labels, float* count, const MatchesShape& s,
                   const Stream& stream);
/// Up to 16,384 scores.
bool matches_block_applies(const MatchesShape& s);

template <class I>
inline constexpr CudaLadder<MatchesFn<I>, 2> matches_ladder{
    {{{"parts", "", always, matches_parts<I>},
      {"block", "one block of 32 warps: one launch", matches_block_applies, matches_block<I>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
