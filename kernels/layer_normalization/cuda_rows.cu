#include "kernels/layer_normalization/parts.cuh"

namespace keratin::kernels::cuda {
namespace {

// Two sums of a row, for all threads of the group: terms(c) gives a column's.
template <int kGroup, class T, class Terms>
__device__ __forceinline__ Two<T> over_row(std::int64_t cols, Terms terms) {
  Chain<kGroup, T> first = 0, second = 0;
  // More of the longer sums of one thread would spill.
  [[maybe_unused]] constexpr int kAtOnce = kGroup == 1 ? 1 : 4;
#pragma unroll kAtOnce
  for (std::int64_t c = Rows<kGroup>::place(); c < cols; c += kGroup) {
    const Two<T> each = terms(c);
    first += each.first;
    second += each.second;
  }
  return {over_group<kGroup>(static_cast<T>(first), Add{}),
          over_group<kGroup>(static_cast<T>(second), Add{})};
}

// The mean rounded to T is off by what the sum of the differences shows.
template <int kGroup, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads, kColumnBlocks)
    layer_norm_kernel(const X* x, const Computed<X>* gamma, const Computed<X>* beta, X* y,
                      Computed<X>* mean, Computed<X>* scale, LayerNormShape s) {
  using T = Computed<X>;
  const auto n = static_cast<T>(s.cols);
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const X* const from = x + row * s.cols;
    X* const to = y + row * s.cols;
    const T m = over_row<kGroup, T>(s.cols,
                                    [&](std::int64_t c) {
                                      return Two<T>{widened(from[c]), 0};
                                    })
                    .first /
                n;
    const Two<T> sums = over_row<kGroup, T>(s.cols, [&](std::int64_t c) {
      const T d = widened(from[c]) - m;
      return Two<T>{d, d * d};
    });
    const T off = sums.first / n, k = scale_of_row(off, sums.second / n, s.epsilon);
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      to[c] = narrowed<X>((widened(from[c]) - m - off) * k * (gamma != nullptr ? gamma[c] : 1) +
                          (beta != nullptr ? beta[c] : 0));
    }
    if (Rows<kGroup>::place() == 0) {
      mean[row] = m + off;
      scale[row] = k;
    }
  });
}

// dx; of a row in place each thread writes what it alone reads.
template <int kGroup, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    gradient_kernel(const X* x, const X* dy, const Computed<X>* gamma, const Computed<X>* mean,
                    const Computed<X>* scale, X* dx, LayerNormShape s) {
  using T = Computed<X>;
  const auto n = static_cast<T>(s.cols);
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    const T m = mean[row], k = scale[row];
    const auto g = [&](std::int64_t c) {
      return widened(dy[at + c]) * (gamma != nullptr ? gamma[c] : 1);
    };
    const Two<T> sums = over_row<kGroup, T>(s.cols, [&](std::int64_t c) {
      const T term = g(c);
      return Two<T>{term, term * ((widened(x[at + c]) - m) * k)};
    });
    const T of_g = sums.first / n, of_dot = sums.second / n;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup)
      dx[at + c] = narrowed<X>(k * (g(c) - of_g - (widened(x[at + c]) - m) * k * of_dot));
  });
}

}  // namespace

bool layer_norm_block_applies(const LayerNormShape& s) { return s.cols >= kLongRow; }

template <int kGroup, class T>
void layer_norm_rows(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                     RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s,
                     const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = layer_norm_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, gamma,
                 beta, y, mean, scale, s);
}

template <int kGroup, class T>
void layer_norm_gradient_rows(const T* x, const T* dy, const RowNumber<T>* gamma,
                              const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                              RowNumber<T>* dgamma, RowNumber<T>* dbeta, const LayerNormShape& s,
                              const Stream& stream) {
  const ColumnGradients<T> sums{x, dy, mean, scale, dgamma, dbeta, s.cols};
  if constexpr (kGroup == 1) {
    column_chains(sums, s.rows, s.cols, stream);
  } else {
    column_pieces(sums, s.rows, s.cols, stream);
  }
  if (s.rows == 0) return;
  constexpr auto kernel = gradient_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, dy,
                 gamma, mean, scale, dx, s);
}

#define KERATIN_LAYER_NORM_ROWS(group, T)                                                      \
  template void layer_norm_rows<group>(const T*, const RowNumber<T>*, const RowNumber<T>*, T*, \
                                       RowNumber<T>*, RowNumber<T>*, const LayerNormShape&,    \
                                       const Stream&);                                         \
  template void layer_norm_gradient_rows<group>(                                               \
      const T*, const T*, const RowNumber<T>*, const RowNumber<T>*, const RowNumber<T>*, T*,   \
      RowNumber<T>*, RowNumber<T>*, const LayerNormShape&, const Stream&);
KERATIN_FOR_EACH_ROWS(KERATIN_LAYER_NORM_ROWS)
KERATIN_LAYER_NORM_ROWS(1, BFloat16)
KERATIN_LAYER_NORM_ROWS(32, BFloat16)
KERATIN_LAYER_NORM_ROWS(256, BFloat16)
#undef KERATIN_LAYER_NORM_ROWS

}  // namespace keratin::kernels::cuda
