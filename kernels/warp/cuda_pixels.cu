#include "kernels/cuda/narrow.cuh"
#include "kernels/warp/place.h"

namespace keratin::kernels::cuda {
namespace {

// The output's divisions; a pixel is `groups` times the channels that a thread takes.
struct Pixels {
  Divisor<std::int32_t> groups, out_w, out_h;
  std::int32_t in_h, in_w, channels, items;
};

// Some channels of a pixel of y a thread: its place and weights are worked out once for all of them.
template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads)
    warp_kernel(const T* x, const float* matrices, T* y, Pixels f, WarpShape s) {
  each_item(f.items, [&](std::int32_t k) {
    const auto [pixel, group] = f.groups(k);
    const auto [line, column] = f.out_w(pixel);
    const auto [image, row] = f.out_h(line);
    const std::int32_t first = image * f.in_h * f.in_w * f.channels + group * n;
    const auto fill = static_cast<T>(s.fill_value);
    T sums[n] = {};
    bool any = false;
    const Place at = place_of(matrices + 8 * image, row, column, s);
    for_each_source<std::int32_t>(at, s, [&](std::int32_t r, std::int32_t q, float weight) {
      if (weight == 0) return;
      any = true;
      T values[n];
      if (r >= 0 && r < f.in_h && q >= 0 && q < f.in_w) {
        load<n, together>(x + first + (r * f.in_w + q) * f.channels, values);
      } else {
#pragma unroll
        for (int c = 0; c < n; ++c) values[c] = fill;
      }
#pragma unroll
      for (int c = 0; c < n; ++c) sums[c] += static_cast<T>(weight) * values[c];
    });
    if (!any) {
#pragma unroll
      for (int c = 0; c < n; ++c) sums[c] = fill;
    }
    store<n, together>(y + pixel * f.channels + group * n, sums);
  });
}

constexpr int kSide = 16;  // of a tile of dx
constexpr int kThreads = kSide * kSide, kWarps = kThreads / 32;
constexpr int kBlocks = 3;  // a multiprocessor: left alone, ptxas aims at more and spills

struct Tiles {
  Divisor<std::int32_t> groups, across, down, out_w;
  std::int32_t in_h, in_w, channels, outputs, blocks;  // outputs: pixels of an image of y
};

// A tile of dx a block, a pixel of it a thread. The block finds out which pixels of dy touch the
// tile, 256 at a time and in order; each thread then adds those that touch its own.
template <class T, int n, bool together>
__global__ void __launch_bounds__(kThreads, kBlocks)
    gradient_kernel(const T* dy, const float* matrices, T* dx, Tiles f, WarpShape s) {
  KERATIN_SHARED(Place, places, [kThreads]);
  KERATIN_SHARED(std::int32_t, pixels, [kThreads]);
  KERATIN_SHARED(int, of_warps, [kWarps]);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32;
  for (auto block = static_cast<std::int32_t>(blockIdx.x); block < f.blocks;
       block += static_cast<std::int32_t>(gridDim.x)) {
    const auto [tile, group] = f.groups(block);
    const auto [line, tile_column] = f.across(tile);
    const auto [image, tile_row] = f.down(line);
    const std::int32_t top = tile_row * kSide, left = tile_column * kSide;
    const std::int32_t my_row = top + thread / kSide, my_column = left + thread % kSide;
    const T* const from = dy + image * f.outputs * f.channels + group * n;
    T sums[n] = {};
    for (std::int32_t first = 0; first < f.outputs; first += kThreads) {
      const std::int32_t pixel = first + thread;
      Place at{};
      bool touches = false;
      if (pixel < f.outputs) {
        const auto [row, column] = f.out_w(pixel);
        at = place_of(matrices + 8 * image, row, column, s);
        for_each_source<std::int32_t>(at, s, [&](std::int32_t r, std::int32_t q, float) {
          touches = touches || (r >= top && r < top + kSide && q >= left && q < left + kSide);
        });
      }
      const unsigned votes = __ballot_sync(0xffffffffU, touches);
      if (thread % 32 == 0) of_warps[warp] = __popc(votes);
      __syncthreads();
      int place = 0, count = 0;
#pragma unroll
      for (int w = 0; w < kWarps; ++w) {
        if (w < warp) place += of_warps[w];
        count += of_warps[w];
      }
      if (touches) {
        place += __popc(votes & ((1U << (thread % 32)) - 1));
        places[place] = at;
        pixels[place] = pixel;
      }
      __syncthreads();
      for (int i = 0; i < count; ++i) {
        for_each_source<std::int32_t>(places[i], s,
                                      [&](std::int32_t r, std::int32_t q, float weight) {
                                        if (r != my_row || q != my_column) return;
                                        T values[n];
                                        load<n, together>(from + pixels[i] * f.channels, values);
#pragma unroll
                                        for (int c = 0; c < n; ++c)
                                          sums[c] += static_cast<T>(weight) * values[c];
                                      });
      }
      __syncthreads();  // before the lists are filled again
    }
    if (my_row < f.in_h && my_column < f.in_w) {
      store<n, together>(
          dx + ((image * f.in_h + my_row) * f.in_w + my_column) * f.channels + group * n, sums);
    }
  }
}

}  // namespace

bool warp_pixels_applies(const WarpShape& s) {
  return fits_in_32_bits(std::max(s.in_size(), s.out_size()));
}

template <class T>
void warp_pixels(const T* x, const float* matrices, T* y, const WarpShape& s,
                 const Stream& stream) {
  if (s.out_size() == 0) return;
  with_channels(
      s.channels,
      [&]<int n, bool together>() {
        const Pixels f{.groups = Divisor<std::int32_t>(s.channels / n),
                       .out_w = Divisor<std::int32_t>(s.out_w),
                       .out_h = Divisor<std::int32_t>(s.out_h),
                       .in_h = narrow(s.in_h),
                       .in_w = narrow(s.in_w),
                       .channels = narrow(s.channels),
                       .items = narrow(s.out_size() / n)};
        constexpr auto kernel = warp_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(f.items), kNarrowThreads, 0, stream, x, matrices, y,
                       f, s);
      },
      x, y);
}
template void warp_pixels(const float*, const float*, float*, const WarpShape&, const Stream&);
template void warp_pixels(const double*, const float*, double*, const WarpShape&, const Stream&);

template <class T>
void warp_gradient_tiles(const T* dy, const float* matrices, T* dx, const WarpShape& s,
                         const Stream& stream) {
  if (s.in_size() == 0) return;
  with_channels(
      s.channels,
      [&]<int n, bool together>() {
        const std::int64_t across = (s.in_w + kSide - 1) / kSide,
                           down = (s.in_h + kSide - 1) / kSide;
        const Tiles f{.groups = Divisor<std::int32_t>(s.channels / n),
                      .across = Divisor<std::int32_t>(across),
                      .down = Divisor<std::int32_t>(down),
                      .out_w = Divisor<std::int32_t>(s.out_w),
                      .in_h = narrow(s.in_h),
                      .in_w = narrow(s.in_w),
                      .channels = narrow(s.channels),
                      .outputs = narrow(s.out_h * s.out_w),
                      .blocks = narrow(s.batch * down * across * (s.channels / n))};
        constexpr auto kernel = gradient_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_for(f.blocks, 1), kThreads, 0, stream, dy, matrices, dx, f,
                       s);
      },
      dy, dx);
}
template void warp_gradient_tiles(const float*, const float*, float*, const WarpShape&,
                                  const Stream&);
template void warp_gradient_tiles(const double*, const float*, double*, const WarpShape&,
                                  const Stream&);

}  // namespace keratin::kernels::cuda
