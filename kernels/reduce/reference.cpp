#include <fmt/format.h>

#include <type_traits>

#include "kernels/reduce/reduce.h"

namespace keratin::kernels {

const char* name_of(Reduction op) {
  return op == Reduction::sum ? "sum" : op == Reduction::max ? "max" : "min";
}
std::string ReduceShape::text() const {
  return fmt::format("{} [{}, {}, {}] over 1", name_of(op), outer, reduced, inner);
}
std::string ArgReduceShape::text() const {
  return fmt::format("{} [{}, {}, {}] over 1", largest ? "argmax" : "argmin", outer, reduced,
                     inner);
}

namespace cpu {

template <class T>
void reduce_reference(const T* x, T* y, const ReduceShape& s) {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.inner; ++i) {
      const T* column = x + o * s.reduced * s.inner + i;
      if (s.op == Reduction::sum) {
        Sum sum = 0;
        for (std::int64_t r = 0; r < s.reduced; ++r) sum += static_cast<Sum>(column[r * s.inner]);
        y[o * s.inner + i] = static_cast<T>(sum);
        continue;
      }
      T best = column[0];
      for (std::int64_t r = 1; r < s.reduced; ++r) {
        const T v = column[r * s.inner];  // a NaN stays: nothing compares with it
        if (v != v || (s.op == Reduction::max ? v > best : v < best)) best = v;
      }
      y[o * s.inner + i] = best;
    }
}

template <class T>
void arg_reduce_reference(const T* x, std::int64_t* y, const ArgReduceShape& s) {
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.inner; ++i) {
      const T* column = x + o * s.reduced * s.inner + i;
      std::int64_t best = 0;
      for (std::int64_t r = 1; r < s.reduced && column[best * s.inner] == column[best * s.inner];
           ++r) {
        const T v = column[r * s.inner], b = column[best * s.inner];
        if (v != v || (s.largest ? v > b : v < b)) best = r;
      }
      y[o * s.inner + i] = best;
    }
}

#define KERATIN_INSTANTIATE(T)                                      \
  template void reduce_reference(const T*, T*, const ReduceShape&); \
  template void arg_reduce_reference(const T*, std::int64_t*, const ArgReduceShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
