#include "kernels/elementwise/element.h"

namespace keratin::kernels::cpu {

template <class T>
void unary_reference(const T* x, T* y, const UnaryShape& s) {
  for (std::int64_t i = 0; i < s.size; ++i) y[i] = element(s.op, x[i]);
}

template <class T>
void binary_reference(const T* a, const T* b, T* y, const BinaryShape& s) {
  const std::int64_t size = s.size();
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = s.rank; axis-- > 0;) {
      const auto k = static_cast<std::size_t>(axis);
      const std::int64_t index = rest % s.sizes[k];
      rest /= s.sizes[k];
      at_a += index * s.a[k];
      at_b += index * s.b[k];
    }
    y[i] = element(s.op, a[at_a], b[at_b]);
  }
}

#define KERATIN_INSTANTIATE(T)                                    \
  template void unary_reference(const T*, T*, const UnaryShape&); \
  template void binary_reference(const T*, const T*, T*, const BinaryShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cpu
