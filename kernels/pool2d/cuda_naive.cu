#include "kernels/cuda/launch.cuh"
#include "kernels/pool2d/pool2d.h"

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

// The windows [first, last) along one axis that hold a cell.
__device__ __forceinline__ Pool2dShape::Range windows_of(std::int64_t cell, std::int64_t pool,
                                                         std::int64_t stride, std::int64_t pad,
                                                         std::int64_t count) {
  const std::int64_t before = cell + pad - pool;  // a window that begins there has just ended
  const std::int64_t first = before < 0 ? 0 : before / stride + 1;
  const std::int64_t last = (cell + pad) / stride + 1;
  return {first, last < count ? last : count};
}

// The place of the first largest element of a window, or of its first NaN.
template <class T>
__device__ __forceinline__ std::int64_t winner(const T* x, const Pool2dShape& s, std::int64_t n,
                                               std::int64_t i, std::int64_t j,
                                               std::int64_t channel) {
  const auto rows = s.rows(i), columns = s.columns(j);
  std::int64_t best = place_in(s, n, rows.first, columns.first, channel);
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    for (std::int64_t column = columns.first; column < columns.last; ++column) {
      const std::int64_t at = place_in(s, n, row, column, channel);
      const T value = x[at], most = x[best];
      if (most == most && (value > most || value != value)) best = at;
    }
  }
  return best;
}

// Is the element at `at` what winner finds? Cells come before it that are as large, or after it that
// are larger, if not.
template <class T>
__device__ __forceinline__ bool wins(const T* x, const Pool2dShape& s, std::int64_t at,
                                     const Cell& in, std::int64_t i, std::int64_t j) {
  const T mine = x[at];
  const auto rows = s.rows(i), columns = s.columns(j);
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    for (std::int64_t column = columns.first; column < columns.last; ++column) {
      const std::int64_t other = place_in(s, in.n, row, column, in.c);
      const T value = x[other];
      const bool nan = value != value;
      if (other < at && (nan || value >= mine)) return false;
      if (other > at && mine == mine && (nan || value > mine)) return false;
    }
  }
  return true;
}

// One output a thread, neighbouring threads in neighbouring channels.
template <class T>
__global__ void __launch_bounds__(kThreads)
    max_kernel(const T* x, T* y, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell out = cell_at(at, s.out_h, s.out_w, s.channels);
    y[at] = x[winner(x, s, out.n, out.i, out.j, out.c)];
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
    T sum = 0;
    for (std::int64_t row = rows.first; row < rows.last; ++row)
      for (std::int64_t column = columns.first; column < columns.last; ++column)
        sum += x[place_in(s, out.n, row, column, out.c)];
    y[at] = sum / static_cast<T>(rows.size() * columns.size());
  }
}

// One cell of the input a thread: it gathers from the windows that hold it, so that nothing is added
// to by two threads.
template <class T>
__global__ void __launch_bounds__(kThreads)
    max_gradient_kernel(const T* x, const T* dy, T* dx, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell in = cell_at(at, s.in_h, s.in_w, s.channels);
    const auto rows = windows_of(in.i, s.pool_h, s.stride_h, s.pad_top, s.out_h);
    const auto columns = windows_of(in.j, s.pool_w, s.stride_w, s.pad_left, s.out_w);
    T sum = 0;
    for (std::int64_t i = rows.first; i < rows.last; ++i)
      for (std::int64_t j = columns.first; j < columns.last; ++j)
        if (wins(x, s, at, in, i, j))
          sum += dy[((in.n * s.out_h + i) * s.out_w + j) * s.channels + in.c];
    dx[at] = sum;
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    average_gradient_kernel(const T* dy, T* dx, Pool2dShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const Cell in = cell_at(at, s.in_h, s.in_w, s.channels);
    const auto rows = windows_of(in.i, s.pool_h, s.stride_h, s.pad_top, s.out_h);
    const auto columns = windows_of(in.j, s.pool_w, s.stride_w, s.pad_left, s.out_w);
    T sum = 0;
    for (std::int64_t i = rows.first; i < rows.last; ++i)
      for (std::int64_t j = columns.first; j < columns.last; ++j)
        sum += dy[((in.n * s.out_h + i) * s.out_w + j) * s.channels + in.c] /
               static_cast<T>(s.rows(i).size() * s.columns(j).size());
    dx[at] = sum;
  }
}

}  // namespace

template <class T>
void max_pool2d_naive(const T* x, T* y, const Pool2dShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  constexpr auto kernel = max_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.out_size(), kThreads), kThreads, 0, stream, x, y, s,
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
void max_pool2d_gradient_naive(const T* x, const T* dy, T* dx, const Pool2dShape& s,
                               const Stream& stream) {
  if (s.in_size() == 0) return;
  constexpr auto kernel = max_gradient_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.in_size(), kThreads), kThreads, 0, stream, x, dy, dx, s,
                 s.in_size());
}
template <class T>
void average_pool2d_gradient_naive(const T* dy, T* dx, const Pool2dShape& s, const Stream& stream) {
  if (s.in_size() == 0) return;
  constexpr auto kernel = average_gradient_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.in_size(), kThreads), kThreads, 0, stream, dy, dx, s,
                 s.in_size());
}

#define KERATIN_POOL2D(T)                                                              \
  template void max_pool2d_naive(const T*, T*, const Pool2dShape&, const Stream&);     \
  template void average_pool2d_naive(const T*, T*, const Pool2dShape&, const Stream&); \
  template void max_pool2d_gradient_naive(const T*, const T*, T*, const Pool2dShape&,  \
                                          const Stream&);                              \
  template void average_pool2d_gradient_naive(const T*, T*, const Pool2dShape&, const Stream&);
KERATIN_POOL2D(float)
KERATIN_POOL2D(double)
#undef KERATIN_POOL2D

}  // namespace keratin::kernels::cuda
