// NumPy's broadcasting for kernels: operands as strides over the axes of their common shape.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/error.h"

namespace keratin::kernels {

inline constexpr int kMaxBroadcastRank = 8;

/// The common shape of N contiguous operands, and each one's stride along every axis: 0 where it is
/// repeated. Axes of size 1 are left out, and neighbours that all operands let be one are merged,
/// so that operands of one shape have a single axis.
template <std::size_t N>
struct Broadcast {
  using Axes = std::array<std::int64_t, kMaxBroadcastRank>;
  int rank = 1;  // >= 1
  Axes sizes{};
  std::array<Axes, N> strides{};
};

/// Sizes must broadcast: equal or 1, aligned at the end.
template <std::size_t N>
Broadcast<N> broadcast(const std::array<std::span<const std::int64_t>, N>& operands) {
  std::size_t rank = 0;
  for (const auto& sizes : operands) rank = std::max(rank, sizes.size());
  KERATIN_ASSERT(rank <= kMaxBroadcastRank);
  // From the innermost axis outwards, hence reversed at the end.
  Broadcast<N> s{.rank = 0};
  std::array<std::int64_t, N> next;
  next.fill(1);
  for (std::size_t i = 0; i < rank; ++i) {
    std::array<std::int64_t, N> here, stride;
    std::int64_t size = 1;
    for (std::size_t n = 0; n < N; ++n) {
      here[n] = i < operands[n].size() ? operands[n][operands[n].size() - 1 - i] : 1;
      if (here[n] != 1) size = here[n];
    }
    bool merges = s.rank > 0;
    const auto inside = static_cast<std::size_t>(std::max(s.rank - 1, 0));
    for (std::size_t n = 0; n < N; ++n) {
      KERATIN_ASSERT(here[n] == size || here[n] == 1);
      stride[n] = here[n] == 1 ? 0 : next[n];
      next[n] *= here[n];
      merges = merges && stride[n] == s.strides[n][inside] * s.sizes[inside];
    }
    if (size == 1) continue;
    if (merges) {
      s.sizes[inside] *= size;
      continue;
    }
    const auto at = static_cast<std::size_t>(s.rank++);
    s.sizes[at] = size;
    for (std::size_t n = 0; n < N; ++n) s.strides[n][at] = stride[n];
  }
  if (s.rank == 0) {
    s.rank = 1;
    s.sizes[0] = 1;
  }
  std::reverse(s.sizes.begin(), s.sizes.begin() + s.rank);
  for (auto& strides : s.strides) std::reverse(strides.begin(), strides.begin() + s.rank);
  return s;
}

}  // namespace keratin::kernels
