// The weights of a resize along one axis.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/resize/resize.h"

namespace keratin::kernels {

/// Output i is the sum over t < taps of weight[i taps + t] times input first[i] + t. An input past
/// the last one stands for the last one.
///
/// With scale = in / out, and centre = (i + 1/2) scale, in pixels from the edge of the input, pixel
/// p's centre being p + 1/2:
///   nearest   the pixel that holds the centre
///   bilinear  1 - |distance|; a pixel over the edge is the one at the edge
///   bicubic   Keys 1981, a = -1/2; without antialias the distance is rounded to 1/1024, as
///             TensorFlow does
///   lanczosN  sinc(d) sinc(d / N), |d| < N
/// and where the weights are not those of nearest or plain bilinear, pixels over the edge have none
/// and the rest are divided by their sum. With antialias and scale > 1, distances are divided by
/// the scale. Computed in float32 in TensorFlow's order, so that the same pixels are chosen.
struct ResizeAxis {
  std::int64_t in = 0, out = 0, taps = 0;
  std::vector<std::int64_t> first = {};  // [out]
  std::vector<float> weight = {};        // [out, taps]
  bool identity = false;                 // in == out: one weight of 1 each
  bool lerp = false;                     // two weights that sum to 1

  /// The input that tap t of output i reads.
  std::int64_t source(std::int64_t i, std::int64_t t) const {
    const std::int64_t p = first[static_cast<std::size_t>(i)] + t;
    return p < in ? p : in - 1;
  }
  const float* weights(std::int64_t i) const { return weight.data() + i * taps; }
};

ResizeAxis resize_axis(std::int64_t in, std::int64_t out, Interpolation interpolation,
                       bool antialias);

/// What carries a gradient of the outputs back to the inputs.
ResizeAxis transposed(const ResizeAxis& axis);

/// The rows and columns of a resize.
struct ResizeAxes {
  ResizeAxis rows, columns;
};
ResizeAxes resize_axes(const ResizeShape& s);

}  // namespace keratin::kernels
