#include "kernels/cuda/columns.cuh"
#include "kernels/reduce/relu.h"

namespace keratin::kernels::cuda {
namespace {

// For kernels/cuda/columns.cuh, which takes two sums: the second is of nothing.
template <class T>
struct ReluSums {
  using Scalar = Computed<T>;
  static constexpr int kTogether = sizeof(T) == 8 ? 2 : 4;
  const T *dy, *y;
  T *dz, *sums;
  std::int64_t cols;
  bool aligned;

  __device__ Scalar column(std::int64_t) const { return 0; }
  template <int n>
  __device__ void terms(const Scalar (&)[n], std::int64_t r, std::int64_t c,
                        Two<Scalar> (&terms)[n]) const {
    const std::int64_t i = r * cols + c;
    Scalar sent[n], result[n];
    load_for_sums(dy + i, sent, aligned);
    load_for_sums(y + i, result, aligned);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      sent[k] = result[k] > 0 ? sent[k] : 0;
      terms[k] = {sent[k], 0};
    }
    if (n > 1 && aligned) {
      store<n, true>(dz + i, sent);
    } else {
      store<n, false>(dz + i, sent);
    }
  }
  __device__ void finish(std::int64_t c, double sum, double) const {
    sums[c] = narrowed<T>(static_cast<Scalar>(sum));
  }
};

}  // namespace

template <bool pieces, class T>
void relu_sums_columns(const T* dy, const T* y, T* dz, T* sums, const ReluSumsShape& s,
                       const Stream& stream) {
  using Together = Several<T, ReluSums<T>::kTogether>;
  const bool aligned =
      is_aligned<Together>(dy) && is_aligned<Together>(y) && is_aligned<Together>(dz);
  const ReluSums<T> work{dy, y, dz, sums, s.cols, aligned};
  if constexpr (pieces) {
    column_pieces(work, s.rows, s.cols, stream);
  } else {
    column_chains(work, s.rows, s.cols, stream);
  }
}

#define KERATIN_RELU_SUMS(pieces, T)                                                        \
  template void relu_sums_columns<pieces>(const T*, const T*, T*, T*, const ReluSumsShape&, \
                                          const Stream&);
KERATIN_RELU_SUMS(false, float)
KERATIN_RELU_SUMS(true, float)
KERATIN_RELU_SUMS(false, double)
KERATIN_RELU_SUMS(true, double)
KERATIN_RELU_SUMS(false, BFloat16)
KERATIN_RELU_SUMS(true, BFloat16)
#undef KERATIN_RELU_SUMS

}  // namespace keratin::kernels::cuda
