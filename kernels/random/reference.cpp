#include <fmt/format.h>

#include "kernels/random/element.h"

namespace keratin::kernels {

std::string RandomShape::text() const {
  constexpr const char* names[] = {"uniform", "normal", "truncated_normal"};
  return fmt::format("{} [{}]", names[static_cast<int>(distribution)], size);
}

namespace cpu {

template <class T>
void random_reference(T* y, const RandomShape& s) {
  for (std::int64_t i = 0; i < s.size; ++i) y[i] = random_element<T>(s, i);
}
template void random_reference(float*, const RandomShape&);
template void random_reference(double*, const RandomShape&);

}  // namespace cpu
}  // namespace keratin::kernels
