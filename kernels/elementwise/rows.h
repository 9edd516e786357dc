#pragma once

#include <array>
#include <cstdint>

#include "kernels/elementwise/elementwise.h"

namespace keratin::kernels::cpu {

/// Walks the rows of a broadcast (all axes but the innermost) in order: where each begins in a and
/// b. The places of the first row take divisions, those of the next ones additions only.
class RowWalk {
 public:
  RowWalk(const BinaryShape& s, std::int64_t row) : s_(s) {
    for (int k = s.rank - 1; k-- > 0;) {
      const auto axis = static_cast<std::size_t>(k);
      index_[axis] = row % s.sizes[axis];
      row /= s.sizes[axis];
      a_ += index_[axis] * s.a[axis];
      b_ += index_[axis] * s.b[axis];
    }
  }
  std::int64_t a() const { return a_; }
  std::int64_t b() const { return b_; }
  void next() {
    for (int k = s_.rank - 1; k-- > 0;) {
      const auto axis = static_cast<std::size_t>(k);
      a_ += s_.a[axis];
      b_ += s_.b[axis];
      if (++index_[axis] < s_.sizes[axis]) return;
      a_ -= s_.a[axis] * s_.sizes[axis];
      b_ -= s_.b[axis] * s_.sizes[axis];
      index_[axis] = 0;
    }
  }

 private:
  const BinaryShape& s_;
  std::array<std::int64_t, BinaryShape::kMaxRank> index_{};
  std::int64_t a_ = 0, b_ = 0;
};

/// The part [first, last) of a shape of one axis.
inline BinaryShape part_of(BinaryShape s, std::int64_t first, std::int64_t last) {
  s.sizes[0] = last - first;
  return s;
}

}  // namespace keratin::kernels::cpu
