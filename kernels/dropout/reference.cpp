#include <fmt/format.h>

#include "kernels/dropout/dropout.h"

namespace keratin::kernels {

std::string DropoutShape::text() const { return fmt::format("[{}] rate {}", size, rate); }

namespace cpu {

template <class T>
void dropout_reference(const T* x, T* y, const DropoutShape& s) {
  const T scale = static_cast<T>(s.rate < 1 ? 1 / (1 - s.rate) : 0);
  for (std::int64_t i = 0; i < s.size; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    const bool stays = static_cast<double>(unit_float(philox(s.key, at / 4)[at % 4])) >= s.rate;
    y[i] = stays ? x[i] * scale : T(0);
  }
}
template void dropout_reference(const float*, float*, const DropoutShape&);
template void dropout_reference(const double*, double*, const DropoutShape&);

}  // namespace cpu
}  // namespace keratin::kernels
