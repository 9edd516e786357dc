#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/pool2d/bfloat16.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One cell of an image: batch, row, column, channel.
struct Cell {
  std::int64_t n, i, j, c;
};
__device__ __forceinline__ Cell cell_at(std::int64_t at, std::int64_t height, std::int64_t width,
                                        std::int64_t channels) {
  const std::int64_t pixel = at / channels, row = pixel / width;
  return {row / height, row % height, pixel % width, at % channels};
}
__device__ __forceinline__ std::int64_t place_in(const Pool2dShape& s, std::int64_t n,
                                                 std::int64_t row, std::int64_t column,
                                                 std::int64_t channel) {
  return ((n * s.in_h + row) * s.in_w + column) * s.channels + channel;
}

// The place of the first largest element of a window, or of its first NaN; and its number.
struct Winner {
  std::int64_t at, number;
};
template <class T>
__device__ __forceinline__ Winner winner(const T* x, const Pool2dShape& s, const Cell& out) {
  const auto rows = s.rows(out.i), columns = s.columns(out.j);
  Winner best{-1, 0};
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    for (std::int64_t column = columns.first; column < columns.last; ++column) {
      const std::int64_t at = place_in(s, out.n, row, column, out.c);
      const Computed<T> most = widened(x[best.at < 0 ? at : best.at]);
      if (best.at < 0 || (most == most && !(widened(x[at]) <= most)))
        best = {at, s.number(out.i, out.j, row, column)};
    }
  }
  return best;
}

__device__ __forceinline__ std::int64_t winner_at(const void* winners, const Pool2dShape& s,
                                                  std::int64_t y) {
  return s.winner_bytes == 1 ? static_cast<const std::uint8_t*>(winners)[y]
                             : static_cast<const std::int32_t*>(winners)[y];
}

// One output a thread, neighbouring threads in neighbouring channels.
template <class T>
__global__ void __launch_bounds__(kThreads)
    max_kernel(const T* x, T* y, void* winners, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Winner best = winner(x, s, cell_at(at, s.out_h, s.out_w, s.channels));
    y[at] = x[best.at];
    if (s.winner_bytes == 1)
      static_cast<std::uint8_t*>(winners)[at] = static_cast<std::uint8_t>(best.number);
    else if (s.winner_bytes == 4)
      static_cast<std::int32_t*>(winners)[at] = static_cast<std::int32_t>(best.number);
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    average_kernel(const T* x, T* y, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell out = cell_at(at, s.out_h, s.out_w, s.channels);
    const auto rows = s.rows(out.i), columns = s.columns(out.j);
    Computed<T> sum = 0;
    for (std::int64_t row = rows.first; row < rows.last; ++row)
      for (std::int64_t column = columns.first; column < columns.last; ++column)
        sum += widened(x[place_in(s, out.n, row, column, out.c)]);
    y[at] = narrowed<T>(sum / static_cast<Computed<T>>(rows.size() * columns.size()));
  }
}

// One cell of the input a thread: it gathers from the windows that hold it, so that nothing is added
// to by two threads.
template <class T>
__global__ void __launch_bounds__(kThreads)
    max_gradient_kernel(const void* winners, const T* dy, T* dx, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell in = cell_at(at, s.in_h, s.in_w, s.channels);
    const auto rows = s.rows_with(in.i), columns = s.columns_with(in.j);
    Computed<T> sum = 0;
    for (std::int64_t i = rows.first; i < rows.last; ++i)
      for (std::int64_t j = columns.first; j < columns.last; ++j) {
        const std::int64_t y = ((in.n * s.out_h + i) * s.out_w + j) * s.channels + in.c;
        if (winner_at(winners, s, y) == s.number(i, j, in.i, in.j)) sum += widened(dy[y]);
      }
    dx[at] = narrowed<T>(sum);
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    average_gradient_kernel(const T* dy, T* dx, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell in = cell_at(at, s.in_h, s.in_w, s.channels);
    const auto rows = s.rows_with(in.i), columns = s.columns_with(in.j);
    Computed<T> sum = 0;
    for (std::int64_t i = rows.first; i < rows.last; ++i)
      for (std::int64_t j = columns.first; j < columns.last; ++j)
        sum += widened(dy[((in.n * s.out_h + i) * s.out_w + j) * s.channels + in.c]) /
               static_cast<Computed<T>>(s.rows(i).size() * s.columns(j).size());
    dx[at] = narrowed<T>(sum);
  }
}

}  // namespace

template <class T>
void max_pool2d_naive(const T* x, T* y, void* winners, const Pool2dShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  constexpr auto kernel = max_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.out_size(), kThreads), kThreads, 0, stream, x, y, winners, s,
                 s.out_size());
}
template <class T>
void average_pool2d_naive(const T* x, T* y, const Pool2dShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  constexpr auto kernel = average_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.out_size(), kThreads), kThreads, 0, stream, x, y, s,
                 s.out_size());
}
template <class T>
void max_pool2d_gradient_naive(const void* winners, const T* dy, T* dx, const Pool2dShape& s,
                               const Stream& stream) {
  if (s.in_size() == 0) return;
  constexpr auto kernel = max_gradient_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.in_size(), kThreads), kThreads, 0, stream, winners, dy, dx, s,
                 s.in_size());
}
template <class T>
void average_pool2d_gradient_naive(const T* dy, T* dx, const Pool2dShape& s, const Stream& stream) {
  if (s.in_size() == 0) return;
  constexpr auto kernel = average_gradient_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.in_size(), kThreads), kThreads, 0, stream, dy, dx, s,
                 s.in_size());
}

#define KERATIN_POOL2D(T)                                                                 \
  template void max_pool2d_naive(const T*, T*, void*, const Pool2dShape&, const Stream&); \
  template void average_pool2d_naive(const T*, T*, const Pool2dShape&, const Stream&);    \
  template void max_pool2d_gradient_naive(const void*, const T*, T*, const Pool2dShape&,  \
                                          const Stream&);                                 \
  template void average_pool2d_gradient_naive(const T*, T*, const Pool2dShape&, const Stream&);
KERATIN_POOL2D(float)
KERATIN_POOL2D(double)
KERATIN_POOL2D(BFloat16)
#undef KERATIN_POOL2D

}  // namespace keratin::kernels::cuda
