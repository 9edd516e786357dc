// What the GPU's rungs of a resize share: the weights where kernels can read them, and the passes,
// of which the gradient is a resize by the transposed weights.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/resize/axis.h"

namespace keratin::kernels::cuda {

/// An axis' weights where the kernel can read them.
struct Taps {
  const std::int64_t* first;
  const float* weight;
  std::int64_t in, out, taps;
  __device__ std::int64_t source(std::int64_t i, std::int64_t t) const {
    const std::int64_t p = first[i] + t;
    return p < in ? p : in - 1;
  }
};

/// From images of from_h x from_w, read from (from_top, from_left) on, to images of to_h x to_w,
/// of which the window at (top, left) is made; the rest becomes 0.
struct Frames {
  std::int64_t size, channels, from_h, from_w, from_top, from_left, to_h, to_w, top, left;
};

/// Copies both axes to the GPU for as long as this lives.
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

/// The images of a forward pass and of a gradient.
inline Frames frames_of(const ResizeShape& s) {
  return {.size = s.out_size(),
          .channels = s.channels,
          .from_h = s.image_h,
          .from_w = s.image_w,
          .from_top = s.top,
          .from_left = s.left,
          .to_h = s.out_h,
          .to_w = s.out_w,
          .top = 0,
          .left = 0};
}
inline Frames gradient_frames_of(const ResizeShape& s) {
  return {.size = s.image_size(),
          .channels = s.channels,
          .from_h = s.out_h,
          .from_w = s.out_w,
          .from_top = 0,
          .from_left = 0,
          .to_h = s.image_h,
          .to_w = s.image_w,
          .top = s.top,
          .left = s.left};
}
inline ResizeAxes gradient_axes_of(const ResizeShape& s) {
  const ResizeAxes axes = resize_axes(s);
  return {transposed(axes.rows), transposed(axes.columns)};
}

}  // namespace keratin::kernels::cuda
