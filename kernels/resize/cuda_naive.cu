#include "kernels/resize/frames.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

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
  resize(x, y, frames_of(s), resize_axes(s), stream);
}
template void resize_naive(const float*, float*, const ResizeShape&, const Stream&);
template void resize_naive(const double*, double*, const ResizeShape&, const Stream&);
template void resize_naive(const std::uint8_t*, float*, const ResizeShape&, const Stream&);

template <class T>
void resize_gradient_naive(const T* dy, T* dx, const ResizeShape& s, const Stream& stream) {
  if (s.image_size() == 0) return;
  resize(dy, dx, gradient_frames_of(s), gradient_axes_of(s), stream);
}
template void resize_gradient_naive(const float*, float*, const ResizeShape&, const Stream&);
template void resize_gradient_naive(const double*, double*, const ResizeShape&, const Stream&);

}  // namespace keratin::kernels::cuda
