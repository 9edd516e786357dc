#include "kernels/cuda/narrow.cuh"
#include "kernels/resize/frames.cuh"

namespace keratin::kernels::cuda {
namespace {

// Frames, counted in 32 bits; a pixel is `groups` times the channels that a thread takes.
struct Pixels {
  Divisor<std::int32_t> groups, to_w, to_h;
  std::int32_t from_h, from_w, from_top, from_left, top, left, channels, items;
};

// Some channels of a pixel a thread: its weights are read once for all of them.
template <class T, int n, bool together>
__global__ void __launch_bounds__(kNarrowThreads)
    resize_kernel(const T* x, Resized<T>* y, Pixels f, Taps rows, Taps columns) {
  using Sum = Resized<T>;
  each_item(f.items, [&](std::int32_t k) {
    const auto [pixel, group] = f.groups(k);
    const auto [line, column] = f.to_w(pixel);
    const auto [image, row] = f.to_h(line);
    const std::int32_t i = row - f.top, j = column - f.left, c = group * n;
    Sum sums[n] = {};
    if (i >= 0 && i < rows.out && j >= 0 && j < columns.out) {
      for (std::int32_t r = 0; r < rows.taps; ++r) {
        const auto from_row = static_cast<std::int32_t>(rows.source(i, r));
        const std::int32_t from =
            (image * f.from_h + f.from_top + from_row) * f.from_w + f.from_left;
        Sum of_row[n] = {};
        for (std::int32_t q = 0; q < columns.taps; ++q) {
          const auto from_column = static_cast<std::int32_t>(columns.source(j, q));
          const auto weight = static_cast<Sum>(columns.weight[j * columns.taps + q]);
          T values[n];
          load<n, together>(x + (from + from_column) * f.channels + c, values);
#pragma unroll
          for (int e = 0; e < n; ++e) of_row[e] += weight * static_cast<Sum>(values[e]);
        }
        const auto weight = static_cast<Sum>(rows.weight[i * rows.taps + r]);
#pragma unroll
        for (int e = 0; e < n; ++e) sums[e] += weight * of_row[e];
      }
    }
    store<n, together>(y + pixel * f.channels + c, sums);
  });
}

template <class T>
void resize(const T* x, Resized<T>* y, const Frames& frames, const ResizeAxes& axes,
            const Stream& stream) {
  const AxesThere there(axes, stream);
  with_channels(
      frames.channels,
      [&]<int n, bool together>() {
        const Pixels pixels{.groups = Divisor<std::int32_t>(frames.channels / n),
                            .to_w = Divisor<std::int32_t>(frames.to_w),
                            .to_h = Divisor<std::int32_t>(frames.to_h),
                            .from_h = narrow(frames.from_h),
                            .from_w = narrow(frames.from_w),
                            .from_top = narrow(frames.from_top),
                            .from_left = narrow(frames.from_left),
                            .top = narrow(frames.top),
                            .left = narrow(frames.left),
                            .channels = narrow(frames.channels),
                            .items = narrow(frames.size / n)};
        constexpr auto kernel = resize_kernel<T, n, together>;
        KERATIN_LAUNCH(kernel, blocks_of_items(pixels.items), kNarrowThreads, 0, stream, x, y,
                       pixels, there.rows, there.columns);
      },
      x, y);
}

}  // namespace

bool resize_pixels_applies(const ResizeShape& s) {
  return fits_in_32_bits(std::max(s.image_size(), s.out_size()));
}

template <class T>
void resize_pixels(const T* x, Resized<T>* y, const ResizeShape& s, const Stream& stream) {
  if (s.out_size() == 0) return;
  resize(x, y, frames_of(s), resize_axes(s), stream);
}
template void resize_pixels(const float*, float*, const ResizeShape&, const Stream&);
template void resize_pixels(const double*, double*, const ResizeShape&, const Stream&);
template void resize_pixels(const std::uint8_t*, float*, const ResizeShape&, const Stream&);

template <class T>
void resize_gradient_pixels(const T* dy, T* dx, const ResizeShape& s, const Stream& stream) {
  if (s.image_size() == 0) return;
  resize(dy, dx, gradient_frames_of(s), gradient_axes_of(s), stream);
}
template void resize_gradient_pixels(const float*, float*, const ResizeShape&, const Stream&);
template void resize_gradient_pixels(const double*, double*, const ResizeShape&, const Stream&);

}  // namespace keratin::kernels::cuda
