#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "kernels/dropout/bfloat16.h"
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

void dropout_bfloat16_reference(const BFloat16* x, BFloat16* y, const DropoutShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.size));
  std::transform(x, x + wide.size(), wide.begin(), to_float);
  dropout_reference<float>(wide.data(), wide.data(), s);
  std::transform(wide.begin(), wide.end(), y, to_bfloat16);
}

}  // namespace cpu
}  // namespace keratin::kernels
