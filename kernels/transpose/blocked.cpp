#include <cstring>

#include "kernels/error.h"
#include "kernels/parallel.h"
#include "kernels/transpose/tiles.h"
#include "kernels/transpose/transpose.h"

namespace keratin::kernels::cpu {

namespace {

// Within a tile, columns of a cache line's width at a time: the lines of x that are read stay in
// L1 until all of them is used, and y is written in rows.
template <class T>
void turn_tiles(const void* x_bytes, void* y_bytes, const TransposePlanes& p, std::int64_t first,
                std::int64_t last) {
  constexpr std::int64_t kLine = 64 / sizeof(T);
  for (std::int64_t index = first; index < last; ++index) {
    const TransposePlanes::Tile t = p.tile(index);
    const T* x = static_cast<const T*>(x_bytes) + t.x;
    T* y = static_cast<T*>(y_bytes) + t.y;
    for (std::int64_t a0 = 0; a0 < t.cols; a0 += kLine) {
      const std::int64_t a1 = a0 + kLine < t.cols ? a0 + kLine : t.cols;
      for (std::int64_t a = a0; a < a1; ++a)
        for (std::int64_t b = 0; b < t.rows; ++b) y[a * p.y_stride + b] = x[b * p.x_stride + a];
    }
  }
}

// The last axis stays last: whole rows are copied, y in order.
void copy_rows(const void* x, void* y, const TransposeShape& s) {
  const auto outer = static_cast<std::size_t>(s.rank > 0 ? s.rank - 1 : 0);
  const std::int64_t width = (s.rank > 0 ? s.sizes[outer] : 1) * s.element_size;  // bytes
  std::array<std::int64_t, TransposeShape::kMaxRank> stride{};                    // bytes
  std::int64_t step = width, rows = 1;
  for (std::size_t k = outer; k-- > 0;) {
    stride[k] = step;
    step *= s.sizes[k];
    rows *= s.sizes[k];
  }
  if (rows == 0 || width == 0) return;
  parallel_for(rows, grain_for(width / s.element_size), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      std::int64_t rest = row, from = 0;
      for (std::size_t k = outer; k-- > 0;) {
        const auto axis = static_cast<std::size_t>(s.perm[k]);
        from += rest % s.sizes[axis] * stride[axis];
        rest /= s.sizes[axis];
      }
      std::memcpy(static_cast<char*>(y) + row * width, static_cast<const char*>(x) + from,
                  static_cast<std::size_t>(width));
    }
  });
}

}  // namespace

void transpose_blocked(const void* x, void* y, const TransposeShape& s) {
  if (s.rank < 2 || s.perm[static_cast<std::size_t>(s.rank - 1)] == s.rank - 1) {
    copy_rows(x, y, s);
    return;
  }
  const TransposePlanes p(s);
  parallel_for(p.tiles(), p.grain(), [&](std::int64_t first, std::int64_t last) {
    switch (s.element_size) {
      case 1:
        return turn_tiles<std::uint8_t>(x, y, p, first, last);
      case 2:
        return turn_tiles<std::uint16_t>(x, y, p, first, last);
      case 4:
        return turn_tiles<std::uint32_t>(x, y, p, first, last);
      case 8:
        return turn_tiles<std::uint64_t>(x, y, p, first, last);
      default:
        KERATIN_ASSERT(!"an element is 1, 2, 4 or 8 bytes");
    }
  });
}

}  // namespace keratin::kernels::cpu
