#include "kernels/cuda/launch.cuh"
#include "kernels/warp/place.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element of y a thread.
template <class T>
__global__ void __launch_bounds__(kThreads)
    warp_kernel(const T* x, const float* matrices, T* y, WarpShape s) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < s.out_size();
       i += step) {
    const std::int64_t pixel = i / s.channels, line = pixel / s.out_w, image = line / s.out_h;
    const Place at = place_of(matrices + 8 * image, line % s.out_h, pixel % s.out_w, s);
    const T* const from = x + image * s.in_h * s.in_w * s.channels;
    y[i] = static_cast<T>(pixel_at(from, at, i % s.channels, s));
  }
}

// One channel of an image a thread: many pixels of dy may add to one of dx, so that one thread
// does it, in order.
template <class T>
__global__ void __launch_bounds__(kThreads)
    gradient_kernel(const T* dy, const float* matrices, T* dx, WarpShape s) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x, in = s.in_h * s.in_w;
  for (std::int64_t k = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
       k < s.batch * s.channels; k += step) {
    const std::int64_t image = k / s.channels, c = k % s.channels;
    T* const to = dx + image * in * s.channels + c;
    for (std::int64_t p = 0; p < in; ++p) to[p * s.channels] = 0;
    const T* from = dy + image * s.out_h * s.out_w * s.channels + c;
    for (std::int64_t r = 0; r < s.out_h; ++r) {
      for (std::int64_t q = 0; q < s.out_w; ++q, from += s.channels) {
        for_each_source(place_of(matrices + 8 * image, r, q, s), s,
                        [&](std::int64_t row, std::int64_t column, float weight) {
                          if (!inside(row, column, s)) return;
                          to[(row * s.in_w + column) * s.channels] +=
                              static_cast<T>(weight) * *from;
                        });
      }
    }
  }
}

}  // namespace

template <class T>
void warp_naive(const T* x, const float* matrices, T* y, const WarpShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  constexpr auto kernel = warp_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.out_size(), kThreads), kThreads, 0, stream, x, matrices, y,
                 s);
}
template void warp_naive(const float*, const float*, float*, const WarpShape&, const Stream&);
template void warp_naive(const double*, const float*, double*, const WarpShape&, const Stream&);

template <class T>
void warp_gradient_naive(const T* dy, const float* matrices, T* dx, const WarpShape& s,
                         const Stream& stream) {
  if (s.in_size() == 0) return;
  constexpr auto kernel = gradient_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.batch * s.channels, kThreads), kThreads, 0, stream, dy,
                 matrices, dx, s);
}
template void warp_gradient_naive(const float*, const float*, float*, const WarpShape&,
                                  const Stream&);
template void warp_gradient_naive(const double*, const float*, double*, const WarpShape&,
                                  const Stream&);

}  // namespace keratin::kernels::cuda
