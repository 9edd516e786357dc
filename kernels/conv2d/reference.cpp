#include <fmt/format.h>

#include <vector>

#include "kernels/conv2d/conv2d.h"

namespace keratin::kernels {

std::string Conv2dShape::text() const {
  std::string text = fmt::format("[{}, {}, {}, {}] {}x{} -> [{}, {}, {}, {}]", batch, in_h, in_w,
                                 in_c, kernel_h, kernel_w, batch, out_h, out_w, out_c);
  if (stride_h != 1 || stride_w != 1) text += fmt::format(" stride {}x{}", stride_h, stride_w);
  if (dilation_h != 1 || dilation_w != 1) {
    text += fmt::format(" dilation {}x{}", dilation_h, dilation_w);
  }
  if (pad_top != 0 || pad_left != 0) text += fmt::format(" pad {}x{}", pad_top, pad_left);
  if (groups != 1) text += fmt::format(" groups {}", groups);
  return text;
}

namespace cpu {
namespace {

// Calls f(x index, w index, y index) for every product of the convolution: w's and y's channel is
// `o`, x's and w's is `c` of its group.
template <class F>
void for_each_product(const Conv2dShape& s, F f) {
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for (std::int64_t i = 0; i < s.out_h; ++i) {
      for (std::int64_t j = 0; j < s.out_w; ++j) {
        for (std::int64_t o = 0; o < s.out_c; ++o) {
          const std::int64_t y = ((n * s.out_h + i) * s.out_w + j) * s.out_c + o;
          const std::int64_t channel = o / s.group_out() * s.group_in();
          for (std::int64_t p = 0; p < s.kernel_h; ++p) {
            const std::int64_t row = i * s.stride_h + p * s.dilation_h - s.pad_top;
            if (row < 0 || row >= s.in_h) continue;
            for (std::int64_t q = 0; q < s.kernel_w; ++q) {
              const std::int64_t column = j * s.stride_w + q * s.dilation_w - s.pad_left;
              if (column < 0 || column >= s.in_w) continue;
              const std::int64_t x = ((n * s.in_h + row) * s.in_w + column) * s.in_c + channel;
              const std::int64_t w = (p * s.kernel_w + q) * s.group_in() * s.out_c + o;
              for (std::int64_t c = 0; c < s.group_in(); ++c) f(x + c, w + c * s.out_c, y);
            }
          }
        }
      }
    }
  }
}

}  // namespace

template <class T>
void conv2d_reference(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.out_size()));
  for_each_product(s, [&](std::int64_t in, std::int64_t weight, std::int64_t out) {
    sums[static_cast<std::size_t>(out)] +=
        static_cast<double>(x[in]) * static_cast<double>(w[weight]);
  });
  for (std::int64_t out = 0; out < s.out_size(); ++out) {
    double sum = sums[static_cast<std::size_t>(out)];
    if (e.bias != nullptr) sum += static_cast<double>(e.bias[out % s.out_c]);
    const bool cut = e.activation == Activation::relu && sum < 0;  // NaN stays
    y[out] = cut ? T(0) : static_cast<T>(sum);
  }
}

template <class T>
void conv2d_input_gradient_reference(const T* dy, const T* w, T* dx, const Conv2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  for_each_product(s, [&](std::int64_t in, std::int64_t weight, std::int64_t out) {
    sums[static_cast<std::size_t>(in)] +=
        static_cast<double>(dy[out]) * static_cast<double>(w[weight]);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

template <class T>
void conv2d_weight_gradient_reference(const T* x, const T* dy, T* dw, const Conv2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.weight_size()));
  for_each_product(s, [&](std::int64_t in, std::int64_t weight, std::int64_t out) {
    sums[static_cast<std::size_t>(weight)] +=
        static_cast<double>(x[in]) * static_cast<double>(dy[out]);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dw[i] = static_cast<T>(sums[i]);
}

#define KERATIN_INSTANTIATE(T)                                                                    \
  template void conv2d_reference(const T*, const T*, T*, const Epilogue<T>&, const Conv2dShape&); \
  template void conv2d_input_gradient_reference(const T*, const T*, T*, const Conv2dShape&);      \
  template void conv2d_weight_gradient_reference(const T*, const T*, T*, const Conv2dShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
