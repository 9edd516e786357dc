#include <vector>

#include "kernels/resize/axis.h"

namespace keratin::kernels::cpu {
namespace {

// Calls f(y index, x index, weight) for every pixel and channel of the output and every input pixel
// that it is made of.
template <class F>
void for_each_weight(const ResizeShape& s, F f) {
  const ResizeAxes axes = resize_axes(s);
  std::int64_t y = 0;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t i = 0; i < s.out_h; ++i)
      for (std::int64_t j = 0; j < s.out_w; ++j)
        for (std::int64_t c = 0; c < s.channels; ++c, ++y)
          for (std::int64_t r = 0; r < axes.rows.taps; ++r)
            for (std::int64_t q = 0; q < axes.columns.taps; ++q) {
              const std::int64_t row = s.top + axes.rows.source(i, r);
              const std::int64_t column = s.left + axes.columns.source(j, q);
              f(y, ((n * s.image_h + row) * s.image_w + column) * s.channels + c,
                static_cast<double>(axes.rows.weights(i)[r]) *
                    static_cast<double>(axes.columns.weights(j)[q]));
            }
}

}  // namespace

template <class T>
void resize_reference(const T* x, Resized<T>* y, const ResizeShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.out_size()));
  for_each_weight(s, [&](std::int64_t to, std::int64_t from, double weight) {
    sums[static_cast<std::size_t>(to)] += weight * static_cast<double>(x[from]);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) y[i] = static_cast<Resized<T>>(sums[i]);
}

template <class T>
void resize_gradient_reference(const T* dy, T* dx, const ResizeShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.image_size()));
  for_each_weight(s, [&](std::int64_t to, std::int64_t from, double weight) {
    sums[static_cast<std::size_t>(from)] += weight * static_cast<double>(dy[to]);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

template void resize_reference(const float*, float*, const ResizeShape&);
template void resize_reference(const double*, double*, const ResizeShape&);
template void resize_reference(const std::uint8_t*, float*, const ResizeShape&);
template void resize_gradient_reference(const float*, float*, const ResizeShape&);
template void resize_gradient_reference(const double*, double*, const ResizeShape&);

}  // namespace keratin::kernels::cpu
