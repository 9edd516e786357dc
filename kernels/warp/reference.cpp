#include <fmt/format.h>

#include <vector>

#include "kernels/warp/place.h"

namespace keratin::kernels {

std::string WarpShape::text() const {
  const char* const modes[] = {"reflect", "wrap", "nearest", "constant"};
  return fmt::format("[{}, {}, {}, {}] -> [{}, {}, {}, {}] {} {}", batch, in_h, in_w, channels,
                     batch, out_h, out_w, channels,
                     interpolation == Interpolation::nearest ? "nearest" : "bilinear",
                     modes[static_cast<int>(fill_mode)]);
}

namespace cpu {
template <class T>
void warp_reference(const T* x, const float* matrices, T* y, const WarpShape& s) {
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t r = 0; r < s.out_h; ++r)
      for (std::int64_t q = 0; q < s.out_w; ++q) {
        const Place at = place_of(matrices + 8 * n, r, q, s);
        for (std::int64_t c = 0; c < s.channels; ++c)
          *y++ = static_cast<T>(pixel_at(x + n * s.in_h * s.in_w * s.channels, at, c, s));
      }
}

template <class T>
void warp_gradient_reference(const T* dy, const float* matrices, T* dx, const WarpShape& s) {
  const std::int64_t in = s.in_h * s.in_w * s.channels, out = s.out_h * s.out_w * s.channels;
  for (std::int64_t n = 0; n < s.batch; ++n, dy += out, dx += in) {
    std::vector<double> sums(static_cast<std::size_t>(in));
    add_warp_gradient(dy, matrices + 8 * n, sums.data(), s);
    for (std::int64_t i = 0; i < in; ++i) dx[i] = static_cast<T>(sums[static_cast<std::size_t>(i)]);
  }
}

template void warp_reference(const float*, const float*, float*, const WarpShape&);
template void warp_reference(const double*, const float*, double*, const WarpShape&);
template void warp_gradient_reference(const float*, const float*, float*, const WarpShape&);
template void warp_gradient_reference(const double*, const float*, double*, const WarpShape&);

}  // namespace cpu
}  // namespace keratin::kernels
