#include <fmt/format.h>

#include "kernels/gemm/gemm.h"

namespace keratin::kernels {

std::string GemmShape::text() const {
  std::string text = fmt::format("[{}, {}, {}]", m, n, k);
  if (trans_a || trans_b) text += fmt::format(" {}{}", trans_a ? 't' : 'n', trans_b ? 't' : 'n');
  if (accumulate) text += " +=";
  if (batch != 1) text += fmt::format(" x{}", batch);
  return text;
}

namespace cpu {

template <class T>
void gemm_reference(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s) {
  for (std::int64_t q = 0; q < s.batch; ++q, a += s.stride_a, b += s.stride_b, c += s.stride_c) {
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t j = 0; j < s.n; ++j) {
        double sum = s.accumulate ? static_cast<double>(c[i * s.ldc + j]) : 0.0;
        if (e.bias != nullptr) sum += static_cast<double>(e.bias[j]);
        for (std::int64_t r = 0; r < s.k; ++r) {
          const T x = s.trans_a ? a[r * s.lda + i] : a[i * s.lda + r];
          const T y = s.trans_b ? b[j * s.ldb + r] : b[r * s.ldb + j];
          sum += static_cast<double>(x) * static_cast<double>(y);
        }
        const bool cut = e.activation == Activation::relu && sum < 0;  // NaN stays
        c[i * s.ldc + j] = cut ? T(0) : static_cast<T>(sum);
      }
    }
  }
}

template void gemm_reference(const float*, const float*, float*, const Epilogue<float>&,
                             const GemmShape&);
template void gemm_reference(const double*, const double*, double*, const Epilogue<double>&,
                             const GemmShape&);

}  // namespace cpu
}  // namespace keratin::kernels
