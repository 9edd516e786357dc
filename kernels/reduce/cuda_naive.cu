#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One result a thread; sums in double.
template <Reduction op, class X, class Y>
__global__ void __launch_bounds__(kThreads)
    reduce_kernel(const X* x, Y* y, ReduceShape s, std::int64_t size) {
  using T = Computed<X>;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    const X* const from = x + i / s.inner * s.reduced * s.inner + i % s.inner;
    if constexpr (op == Reduction::sum && std::is_floating_point_v<T>) {
      double sum = 0;
      for (std::int64_t r = 0; r < s.reduced; ++r)
        sum += static_cast<double>(widened(from[r * s.inner]));
      y[i] = narrowed<Y>(static_cast<Computed<Y>>(sum));
    } else {
      T value = start_of<op, T>();
      for (std::int64_t r = 0; r < s.reduced; ++r)
        value = combined<op>(value, widened(from[r * s.inner]));
      y[i] = narrowed<Y>(value);
    }
  }
}

// One place a thread: of the first NaN, else of the first of the best.
template <class T>
__global__ void __launch_bounds__(kThreads)
    arg_reduce_kernel(const T* x, std::int64_t* y, ArgReduceShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    const T* const from = x + i / s.inner * s.reduced * s.inner + i % s.inner;
    T best = from[0];
    std::int64_t place = 0;
    for (std::int64_t r = 1; r < s.reduced && best == best; ++r) {
      const T value = from[r * s.inner];
      if (value != value || (s.largest ? value > best : value < best)) best = value, place = r;
    }
    y[i] = place;
  }
}

}  // namespace

template <class X, class Y>
void reduce_naive(const X* x, Y* y, const ReduceShape& s, const Stream& stream) {
  const std::int64_t size = s.outer * s.inner;
  if (size == 0) return;
  with_constant<Reduction::min>(s.op, [&]<Reduction op>() {
    constexpr auto kernel = reduce_kernel<op, X, Y>;
    KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, x, y, s, size);
  });
}

template <class T>
void arg_reduce_naive(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream) {
  const std::int64_t size = s.outer * s.inner;
  if (size == 0) return;
  constexpr auto kernel = arg_reduce_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, x, y, s, size);
}

#define KERATIN_INSTANTIATE(X, Y) \
  template void reduce_naive(const X*, Y*, const ReduceShape&, const Stream&);
KERATIN_FOR_EACH_REDUCTION(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE
#define KERATIN_INSTANTIATE(T) \
  template void arg_reduce_naive(const T*, std::int64_t*, const ArgReduceShape&, const Stream&);
KERATIN_FOR_EACH_REDUCED(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
