#include <type_traits>

#include "kernels/cuda/launch.cuh"
#include "kernels/resize/axis.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// An axis' weights where the kernel can read them.
struct Taps {
  const std::int64_t* first;
  const float* weight;
  std::int64_t in, out, taps;
  __device__ std::int64_t source(std::int64_t i, std::int64_t t) const {
    const std::int64_t p = first[i] + t;
    return p < in ? p : in - 1;
  }
};

// From images of from_h x from_w, read from (from_top, from_left) on, to images of to_h x to_w,
// of which the window at (top, left) is made; the rest becomes 0.
struct Frames {
  std::int64_t size, channels, from_h, from_w, from_top, from_left, to_h, to_w, top, left;
};

// One element of the result a thread: all weights of its row and column.
template <class T>
__global__ void __launch_bounds__(kThreads)
    resize_kernel(const T* x, Resized<T>* y, Frames f, Taps rows, Taps columns) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t k = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; k < f.size;
       k += step) {
    const std::int64_t c = k % f.channels, pixel = k / f.channels;
    const std::int64_t j = pixel % f.to_w - f.left, line = pixel / f.to_w;
    const std::int64_t i = line % f.to_h - f.top, image = line / f.to_h;
    Resized<T> sum = 0;
    if (i >= 0 && i < rows.out && j >= 0 && j < columns.out) {
      for (std::int64_t r = 0; r < rows.taps; ++r) {
        const std::int64_t from = image * f.from_h + f.from_top + rows.source(i, r);
        Resized<T> of_row = 0;
        for (std::int64_t q = 0; q < columns.taps; ++q) {
          const std::int64_t at = from * f.from_w + f.from_left + columns.source(j, q);
          of_row += static_cast<Resized<T>>(columns.weight[j * columns.taps + q]) *
                    static_cast<Resized<T>>(x[at * f.channels + c]);
        }
        sum += static_cast<Resized<T>>(rows.weight[i * rows.taps + r]) * of_row;
      }
    }
    y[k] = sum;
  }
}

// Copies both axes to the GPU for as long as this lives.
class AxesThere {
 public:
  AxesThere(const ResizeAxes& axes, const Stream& stream)
      : memory_(bytes(axes.rows) + bytes(axes.columns), stream),
        rows(put(axes.rows, memory_.as<char>(), stream)),
        columns(put(axes.columns, memory_.as<char>() + bytes(axes.rows), stream)) {}

 private:
  Scratch memory_;

  static std::int64_t bytes(const ResizeAxis& axis) {
    const std::size_t all = axis.first.size() * sizeof(std::int64_t) +
                            (axis.weight.size() + axis.weight.size() % 2) * sizeof(float);
    return static_cast<std::int64_t>(all);
  }
  static void copy(void* to, const void* from, std::size_t bytes, const Stream& stream) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice,
                          static_cast<cudaStream_t>(stream.handle)),
          "cudaMemcpyAsync", __FILE__, __LINE__);
  }
  static Taps put(const ResizeAxis& axis, char* to, const Stream& stream) {
    auto* const first = reinterpret_cast<std::int64_t*>(to);
    auto* const weight = reinterpret_cast<float*>(first + axis.first.size());
    copy(first, axis.first.data(), axis.first.size() * sizeof(std::int64_t), stream);
    copy(weight, axis.weight.data(), axis.weight.size() * sizeof(float), stream);
    return {first, weight, axis.in, axis.out, axis.taps};
  }

 public:
  Taps rows, columns;
};

template <class T>
void resize(const T* x, Resized<T>* y, const Frames& frames, const ResizeAxes& axes,
            const Stream& stream) {
  const AxesThere there(axes, stream);
  constexpr auto kernel = resize_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(frames.size, kThreads), kThreads, 0, stream, x, y, frames,
                 there.rows, there.columns);
}

}  // namespace

template <class T>
void resize_naive(const T* x, Resized<T>* y, const ResizeShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  resize(x, y,
         Frames{.size = s.out_size(),
                .channels = s.channels,
                .from_h = s.image_h,
                .from_w = s.image_w,
                .from_top = s.top,
                .from_left = s.left,
                .to_h = s.out_h,
                .to_w = s.out_w,
                .top = 0,
                .left = 0},
         resize_axes(s), stream);
}
template void resize_naive(const float*, float*, const ResizeShape&, const Stream&);
template void resize_naive(const double*, double*, const ResizeShape&, const Stream&);
template void resize_naive(const std::uint8_t*, float*, const ResizeShape&, const Stream&);

template <class T>
void resize_gradient_naive(const T* dy, T* dx, const ResizeShape& s, const Stream& stream) {
  if (s.image_size() == 0) return;
  const ResizeAxes axes = resize_axes(s);
  resize(dy, dx,
         Frames{.size = s.image_size(),
                .channels = s.channels,
                .from_h = s.out_h,
                .from_w = s.out_w,
                .from_top = 0,
                .from_left = 0,
                .to_h = s.image_h,
                .to_w = s.image_w,
                .top = s.top,
                .left = s.left},
         {transposed(axes.rows), transposed(axes.columns)}, stream);
}
template void resize_gradient_naive(const float*, float*, const ResizeShape&, const Stream&);
template void resize_gradient_naive(const double*, double*, const ResizeShape&, const Stream&);

}  // namespace keratin::kernels::cuda
