#include "kernels/cuda/narrow.cuh"
#include "kernels/pool2d/bfloat16.h"

namespace keratin::kernels::cuda {
namespace {

// Blocks a multiprocessor that are enough: left alone, ptxas aims at more and spills.
constexpr int kPoolBlocks = 3;

// Channels that a thread takes at most.
template <class T>
constexpr int kMostChannels = sizeof(T) == 2 ? 8 : 4;

// Images counted in 32 bits; a pixel is `groups` times the channels that a thread takes.
struct Pools {
  Divisor<std::int32_t> groups, width, height;  // of the images whose pixels are made
  Divisor<std::int32_t> stride_h, stride_w;
  std::int32_t in_h, in_w, out_h, out_w, pool_h, pool_w, pad_top, pad_left, channels, items;
  std::int32_t winner_bytes;
};

struct Range {
  std::int32_t first, last;
  __device__ std::int32_t size() const { return last - first; }
};
// The cells of window i along an axis, inside the image.
__device__ __forceinline__ Range cells_of(std::int32_t i, std::int32_t stride, std::int32_t pad,
                                          std::int32_t pool, std::int32_t size) {
  const std::int32_t first = i * stride - pad, last = first + pool;
  return {first < 0 ? 0 : first, last < size ? last : size};
}
// The windows along an axis that hold a cell.
__device__ __forceinline__ Range windows_of(std::int32_t cell, const Divisor<std::int32_t>& stride,
                                            std::int32_t pad, std::int32_t pool,
                                            std::int32_t count) {
  const std::int32_t before = cell + pad - pool;  // a window that begins there has just ended
  const std::int32_t first = before < 0 ? 0 : stride.quotient(before) + 1;
  const std::int32_t last = stride.quotient(cell + pad) + 1;
  return {first, last < count ? last : count};
}

// A pixel, and the first channel that a thread takes of it.
struct Place {
  std::int32_t image, i, j, channel;
};
template <int n>
__device__ __forceinline__ Place place_of(const Pools& f, std::int32_t item) {
  const auto [pixel, group] = f.groups(item);
  const auto [line, j] = f.width(pixel);
  const auto [image, i] = f.height(line);
  return {image, i, j, group * n};
}
__device__ __forceinline__ std::int32_t in_at(const Pools& f, const Place& p, std::int32_t row,
                                              std::int32_t column) {
  return ((p.image * f.in_h + row) * f.in_w + column) * f.channels + p.channel;
}
__device__ __forceinline__ std::int32_t out_at(const Pools& f, const Place& p, std::int32_t row,
                                               std::int32_t column) {
  return ((p.image * f.out_h + row) * f.out_w + column) * f.channels + p.channel;
}
__device__ __forceinline__ Range rows_of(const Pools& f, std::int32_t i) {
  return cells_of(i, f.stride_h.value(), f.pad_top, f.pool_h, f.in_h);
}
__device__ __forceinline__ Range columns_of(const Pools& f, std::int32_t j) {
  return cells_of(j, f.stride_w.value(), f.pad_left, f.pool_w, f.in_w);
}

// Is a new value the winner over the one so far? The first of equals wins, the first NaN over all.
template <class T>
__device__ __forceinline__ bool beats(T value, T most) {
  return most == most && (value > most || value != value);
}

// n winners' numbers to and from memory.
template <int n, bool together>
__device__ __forceinline__ void store_winners(void* winners, const Pools& f, std::int32_t at,
                                              const std::int32_t (&numbers)[n]) {
  if (f.winner_bytes == 1) {
    std::uint8_t bytes[n];
#pragma unroll
    for (int c = 0; c < n; ++c) bytes[c] = static_cast<std::uint8_t>(numbers[c]);
    store<n, together>(static_cast<std::uint8_t*>(winners) + at, bytes);
  } else if (f.winner_bytes == 4) {
    store<n, together>(static_cast<std::int32_t*>(winners) + at, numbers);
  }
}
template <int n, bool together>
__device__ __forceinline__ void load_winners(const void* winners, const Pools& f, std::int32_t at,
                                             std::int32_t (&numbers)[n]) {
  if (f.winner_bytes == 1) {
    std::uint8_t bytes[n];
    load<n, together>(static_cast<const std::uint8_t*>(winners) + at, bytes);
#pragma unroll
    for (int c = 0; c < n; ++c) numbers[c] = bytes[c];
  } else {
    load<n, together>(static_cast<const std::int32_t*>(winners) + at, numbers);
  }
}
// The number of a cell in window (i, j).
__device__ __forceinline__ std::int32_t number_of(const Pools& f, std::int32_t i, std::int32_t j,
                                                  std::int32_t row, std::int32_t column) {
  return (row + f.pad_top - i * f.stride_h.value()) * f.pool_w + column + f.pad_left -
         j * f.stride_w.value();
}

// Some channels of one output a thread.
template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads, kPoolBlocks)
    max_kernel(const T* x, T* y, void* winners, Pools f) {
  each_item(f.items, [&](std::int32_t item) {
    const Place p = place_of<n>(f, item);
    const Range rows = rows_of(f, p.i), columns = columns_of(f, p.j);
    Computed<T> most[n];
    std::int32_t numbers[n];
    load<n, together>(x + in_at(f, p, rows.first, columns.first), most);
#pragma unroll
    for (int c = 0; c < n; ++c) numbers[c] = number_of(f, p.i, p.j, rows.first, columns.first);
    for (std::int32_t row = rows.first; row < rows.last; ++row) {
      for (std::int32_t column = columns.first; column < columns.last; ++column) {
        Computed<T> values[n];
        load<n, together>(x + in_at(f, p, row, column), values);
#pragma unroll
        for (int c = 0; c < n; ++c) {
          if (!beats(values[c], most[c])) continue;
          most[c] = values[c];
          numbers[c] = number_of(f, p.i, p.j, row, column);
        }
      }
    }
    store<n, together>(y + out_at(f, p, p.i, p.j), most);
    store_winners<n, together>(winners, f, out_at(f, p, p.i, p.j), numbers);
  });
}

template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads, kPoolBlocks)
    average_kernel(const T* x, T* y, Pools f) {
  each_item(f.items, [&](std::int32_t item) {
    const Place p = place_of<n>(f, item);
    const Range rows = rows_of(f, p.i), columns = columns_of(f, p.j);
    Computed<T> sums[n] = {};
    for (std::int32_t row = rows.first; row < rows.last; ++row) {
      for (std::int32_t column = columns.first; column < columns.last; ++column) {
        Computed<T> values[n];
        load<n, together>(x + in_at(f, p, row, column), values);
#pragma unroll
        for (int c = 0; c < n; ++c) sums[c] += values[c];
      }
    }
    const auto cells = static_cast<Computed<T>>(rows.size() * columns.size());
#pragma unroll
    for (int c = 0; c < n; ++c) sums[c] /= cells;
    store<n, together>(y + out_at(f, p, p.i, p.j), sums);
  });
}

// Some channels of one cell of the input a thread: it gathers from the windows that hold it.
template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads, kPoolBlocks)
    max_gradient_kernel(const void* winners, const T* dy, T* dx, Pools f) {
  each_item(f.items, [&](std::int32_t item) {
    const Place p = place_of<n>(f, item);
    const Range windows = windows_of(p.i, f.stride_h, f.pad_top, f.pool_h, f.out_h);
    const Range across = windows_of(p.j, f.stride_w, f.pad_left, f.pool_w, f.out_w);
    Computed<T> sums[n] = {};
    for (std::int32_t i = windows.first; i < windows.last; ++i) {
      for (std::int32_t j = across.first; j < across.last; ++j) {
        const std::int32_t number = number_of(f, i, j, p.i, p.j);
        std::int32_t winner[n];
        Computed<T> sent[n];
        load_winners<n, together>(winners, f, out_at(f, p, i, j), winner);
        load<n, together>(dy + out_at(f, p, i, j), sent);
#pragma unroll
        for (int c = 0; c < n; ++c)
          if (winner[c] == number) sums[c] += sent[c];
      }
    }
    store<n, together>(dx + in_at(f, p, p.i, p.j), sums);
  });
}

template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads, kPoolBlocks)
    average_gradient_kernel(const T* dy, T* dx, Pools f) {
  each_item(f.items, [&](std::int32_t item) {
    const Place p = place_of<n>(f, item);
    const Range windows = windows_of(p.i, f.stride_h, f.pad_top, f.pool_h, f.out_h);
    const Range across = windows_of(p.j, f.stride_w, f.pad_left, f.pool_w, f.out_w);
    Computed<T> sums[n] = {};
    for (std::int32_t i = windows.first; i < windows.last; ++i) {
      for (std::int32_t j = across.first; j < across.last; ++j) {
        const auto cells = static_cast<Computed<T>>(rows_of(f, i).size() * columns_of(f, j).size());
        Computed<T> sent[n];
        load<n, together>(dy + out_at(f, p, i, j), sent);
#pragma unroll
        for (int c = 0; c < n; ++c) sums[c] += sent[c] / cells;
      }
    }
    store<n, together>(dx + in_at(f, p, p.i, p.j), sums);
  });
}

// For pixels of height x width, `size` elements in all.
Pools pools_of(const Pool2dShape& s, std::int64_t height, std::int64_t width, std::int64_t size,
               int n) {
  return {.groups = Divisor<std::int32_t>(s.channels / n),
          .width = Divisor<std::int32_t>(width),
          .height = Divisor<std::int32_t>(height),
          .stride_h = Divisor<std::int32_t>(s.stride_h),
          .stride_w = Divisor<std::int32_t>(s.stride_w),
          .in_h = narrow(s.in_h),
          .in_w = narrow(s.in_w),
          .out_h = narrow(s.out_h),
          .out_w = narrow(s.out_w),
          .pool_h = narrow(s.pool_h),
          .pool_w = narrow(s.pool_w),
          .pad_top = narrow(s.pad_top),
          .pad_left = narrow(s.pad_left),
          .channels = narrow(s.channels),
          .items = narrow(size / n),
          .winner_bytes = narrow(s.winner_bytes)};
}
Pools outputs_of(const Pool2dShape& s, int n) {
  return pools_of(s, s.out_h, s.out_w, s.out_size(), n);
}
Pools inputs_of(const Pool2dShape& s, int n) { return pools_of(s, s.in_h, s.in_w, s.in_size(), n); }

}  // namespace

bool pool2d_channels_applies(const Pool2dShape& s) {
  const std::int64_t below = s.pad_top + (s.out_h - 1) * s.stride_h + s.pool_h;
  const std::int64_t right = s.pad_left + (s.out_w - 1) * s.stride_w + s.pool_w;
  return fits_in_32_bits(std::max({s.in_size(), s.out_size(), s.in_h + below, s.in_w + right}));
}

template <class T>
void max_pool2d_channels(const T* x, T* y, void* winners, const Pool2dShape& s,
                         const Stream& stream) {
  if (s.out_size() == 0) return;
  with_channels<kMostChannels<T>>(
      s.channels,
      [&]<int n, bool together>() {
        const Pools f = outputs_of(s, n);
        constexpr auto kernel = max_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(f.items), kNarrowThreads, 0, stream, x, y, winners,
                       f);
      },
      x, y, static_cast<const std::int32_t*>(winners));
}
template <class T>
void average_pool2d_channels(const T* x, T* y, const Pool2dShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  with_channels<kMostChannels<T>>(
      s.channels,
      [&]<int n, bool together>() {
        const Pools f = outputs_of(s, n);
        constexpr auto kernel = average_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(f.items), kNarrowThreads, 0, stream, x, y, f);
      },
      x, y);
}
template <class T>
void max_pool2d_gradient_channels(const void* winners, const T* dy, T* dx, const Pool2dShape& s,
                                  const Stream& stream) {
  if (s.in_size() == 0) return;
  with_channels<kMostChannels<T>>(
      s.channels,
      [&]<int n, bool together>() {
        const Pools f = inputs_of(s, n);
        constexpr auto kernel = max_gradient_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(f.items), kNarrowThreads, 0, stream, winners, dy, dx,
                       f);
      },
      dy, dx, static_cast<const std::int32_t*>(winners));
}
template <class T>
void average_pool2d_gradient_channels(const T* dy, T* dx, const Pool2dShape& s,
                                      const Stream& stream) {
  if (s.in_size() == 0) return;
  with_channels<kMostChannels<T>>(
      s.channels,
      [&]<int n, bool together>() {
        const Pools f = inputs_of(s, n);
        constexpr auto kernel = average_gradient_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(f.items), kNarrowThreads, 0, stream, dy, dx, f);
      },
      dy, dx);
}

#define KERATIN_POOL2D(T)                                                                    \
  template void max_pool2d_channels(const T*, T*, void*, const Pool2dShape&, const Stream&); \
  template void average_pool2d_channels(const T*, T*, const Pool2dShape&, const Stream&);    \
  template void max_pool2d_gradient_channels(const void*, const T*, T*, const Pool2dShape&,  \
                                             const Stream&);                                 \
  template void average_pool2d_gradient_channels(const T*, T*, const Pool2dShape&, const Stream&);
KERATIN_POOL2D(float)
KERATIN_POOL2D(double)
KERATIN_POOL2D(BFloat16)
#undef KERATIN_POOL2D

}  // namespace keratin::kernels::cuda
