#include <algorithm>
#include <cmath>

#include "kernels/dropout/dropout.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

template <class T>
void dropout_blocks(const T* x, T* y, const DropoutShape& s) {
  const T scale = static_cast<T>(s.rate < 1 ? 1 / (1 - s.rate) : 0);
  // unit_float(word) >= rate  <=>  word >> 8 >= rate 2^24, rounded up
  const auto least = static_cast<std::uint32_t>(std::ceil(s.rate * 0x1p24));
  parallel_for((s.size + 3) / 4, 2048, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block) {
      const auto words = philox(s.key, static_cast<std::uint64_t>(block));
      const std::int64_t i = 4 * block, n = std::min<std::int64_t>(4, s.size - i);
      for (std::int64_t k = 0; k < n; ++k) {
        y[i + k] = (words[static_cast<std::size_t>(k)] >> 8) >= least ? x[i + k] * scale : T(0);
      }
    }
  });
}
template void dropout_blocks(const float*, float*, const DropoutShape&);
template void dropout_blocks(const double*, double*, const DropoutShape&);

}  // namespace keratin::kernels::cpu
