#include <fmt/format.h>

#include "kernels/reduce/relu.h"
#include "kernels/reference.h"

namespace keratin::kernels {

std::string ReluSumsShape::text() const { return fmt::format("[{}, {}]", rows, cols); }

namespace cpu {

template <class T>
void relu_sums_reference(const T* dy, const T* y, T* dz, T* sums, const ReluSumsShape& s) {
  for (std::int64_t c = 0; c < s.cols; ++c) {
    double sum = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const std::int64_t i = r * s.cols + c;
      dz[i] = number(y[i]) > 0 ? dy[i] : T{};
      sum += number(dz[i]);
    }
    sums[c] = stored<T>(sum);
  }
}

#define KERATIN_INSTANTIATE(T) \
  template void relu_sums_reference(const T*, const T*, T*, T*, const ReluSumsShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(BFloat16)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
