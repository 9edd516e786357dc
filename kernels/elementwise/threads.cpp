#include "kernels/elementwise/element.h"
#include "kernels/elementwise/rows.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

template <class T>
void unary_threads(const T* x, T* y, const UnaryShape& s) {
  parallel_for(s.size, 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) y[i] = element(s.op, x[i]);
  });
}

template <class T>
void binary_threads(const T* a, const T* b, T* y, const BinaryShape& s) {
  if (s.size() == 0) return;
  const auto in = static_cast<std::size_t>(s.rank - 1);
  const std::int64_t n = s.sizes[in], step_a = s.a[in], step_b = s.b[in];
  if (s.rank == 1) {  // one long row: cut it
    parallel_for(n, 4096, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i)
        y[i] = element(s.op, a[i * step_a], b[i * step_b]);
    });
    return;
  }
  parallel_for(s.size() / n, grain_for(n, 4096), [&](std::int64_t first, std::int64_t last) {
    RowWalk walk(s, first);
    for (std::int64_t row = first; row < last; ++row, walk.next()) {
      const T *row_a = a + walk.a(), *row_b = b + walk.b();
      for (std::int64_t i = 0; i < n; ++i)
        y[row * n + i] = element(s.op, row_a[i * step_a], row_b[i * step_b]);
    }
  });
}

#define KERATIN_INSTANTIATE(T)                                  \
  template void unary_threads(const T*, T*, const UnaryShape&); \
  template void binary_threads(const T*, const T*, T*, const BinaryShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cpu
