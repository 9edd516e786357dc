#include <algorithm>

#include "kernels/elementwise/select.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {
namespace {

// One row. Each operand advances with the row (step 1) or stays (step 0).
template <bool kStepC, bool kStepA, bool kStepB, class T>
void row(const std::uint8_t* c, const T* a, const T* b, T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T va = a[kStepA ? i : 0], vb = b[kStepB ? i : 0];
    y[i] = c[kStepC ? i : 0] != 0 ? va : vb;
  }
}

template <class T>
void select(const std::uint8_t* c, const void* a, const void* b, void* y, const SelectShape& s) {
  const auto in = static_cast<std::size_t>(s.axes.rank - 1);
  const auto& strides = s.axes.strides;
  const auto* pa = static_cast<const T*>(a);
  const auto* pb = static_cast<const T*>(b);
  auto* py = static_cast<T*>(y);
  using RowFn = void (*)(const std::uint8_t*, const T*, const T*, T*, std::int64_t);
  constexpr std::array<RowFn, 8> rows = {row<false, false, false, T>, row<false, false, true, T>,
                                         row<false, true, false, T>,  row<false, true, true, T>,
                                         row<true, false, false, T>,  row<true, false, true, T>,
                                         row<true, true, false, T>,   row<true, true, true, T>};
  const RowFn one_row = rows[(strides[0][in] != 0 ? 4u : 0u) + (strides[1][in] != 0 ? 2u : 0u) +
                             (strides[2][in] != 0 ? 1u : 0u)];
  const std::int64_t n = s.axes.sizes[in];
  // Long rows are cut into pieces of `length`.
  constexpr std::int64_t kLength = 32768;
  const std::int64_t length = std::min(n, kLength), pieces = (n + length - 1) / length;
  parallel_for(s.size() / n * pieces, grain_for(length),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t piece = first; piece < last; ++piece) {
                   const std::int64_t start = piece % pieces * length;
                   std::array<std::int64_t, 3> at{};
                   for (std::size_t k = 0; k < 3; ++k) at[k] = strides[k][in] * start;
                   std::int64_t rest = piece / pieces;
                   for (std::size_t axis = in; axis-- > 0;) {
                     for (std::size_t k = 0; k < 3; ++k)
                       at[k] += rest % s.axes.sizes[axis] * strides[k][axis];
                     rest /= s.axes.sizes[axis];
                   }
                   one_row(c + at[0], pa + at[1], pb + at[2], py + piece / pieces * n + start,
                           std::min(length, n - start));
                 }
               });
}

}  // namespace

void select_rows(const std::uint8_t* condition, const void* a, const void* b, void* y,
                 const SelectShape& s) {
  if (s.size() == 0) return;
  switch (s.element_size) {
    case 1:
      return select<std::uint8_t>(condition, a, b, y, s);
    case 2:
      return select<std::uint16_t>(condition, a, b, y, s);
    case 4:
      return select<std::uint32_t>(condition, a, b, y, s);
    default:
      return select<std::uint64_t>(condition, a, b, y, s);
  }
}

}  // namespace keratin::kernels::cpu
