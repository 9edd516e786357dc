#include "kernels/conv2d/conv2d.h"

#include "bench/harness.h"
#include "kernels/conv2d/bfloat16.h"

namespace keratin::bench {
namespace {

using kernels::Conv2dShape;

// Square images of `size` pixels, square kernels.
Conv2dShape convolution(std::int64_t batch, std::int64_t size, std::int64_t in, std::int64_t out,
                        std::int64_t kernel, bool same, std::int64_t stride = 1,
                        std::int64_t groups = 1) {
  Conv2dShape s{.batch = batch,
                .in_h = size,
                .in_w = size,
                .in_c = in,
                .out_c = out,
                .kernel_h = kernel,
                .kernel_w = kernel,
                .stride_h = stride,
                .stride_w = stride,
                .groups = groups};
  s.out_h = same ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
  s.out_w = s.out_h;
  if (same) s.pad_top = s.pad_left = ((s.out_h - 1) * stride + kernel - size) / 2;
  return s;
}

// The two layers of a small MNIST network; then those of larger ones.
std::vector<Conv2dShape> shapes() {
  std::vector<Conv2dShape> all;
  for (const std::int64_t batch : {32, 128}) {
    all.push_back(convolution(batch, 28, 1, 32, 3, false));
    all.push_back(convolution(batch, 13, 32, 64, 3, false));
  }
  all.push_back(convolution(32, 26, 32, 64, 3, false));
  all.push_back(convolution(32, 32, 64, 64, 3, true));
  all.push_back(convolution(32, 16, 128, 128, 3, true));
  all.push_back(convolution(8, 56, 64, 64, 3, true));
  all.push_back(convolution(32, 32, 3, 32, 3, true));
  all.push_back(convolution(32, 8, 256, 256, 3, true));
  all.push_back(convolution(8, 56, 64, 256, 1, true));
  all.push_back(convolution(8, 56, 64, 128, 3, true, 2));
  all.push_back(convolution(8, 56, 128, 128, 3, true, 1, 128));
  all.push_back(convolution(8, 56, 128, 128, 3, true, 2, 128));
  all.push_back(convolution(8, 56, 128, 128, 3, true, 1, 32));
  return all;
}

// Of ResNets, and a depthwise one.
std::vector<Conv2dShape> large_shapes() {
  return {
      convolution(64, 224, 3, 64, 7, true, 2),   convolution(64, 56, 64, 64, 3, true),
      convolution(64, 56, 64, 256, 1, true),     convolution(64, 28, 128, 128, 3, true),
      convolution(64, 14, 256, 256, 3, true),    convolution(128, 32, 16, 16, 3, true),
      convolution(64, 56, 128, 128, 3, true, 2), convolution(64, 56, 128, 128, 3, true, 1, 128)};
}

template <class T>
bool add_passes(RowOptions options) {
  return add_ladder(
             kernels::conv2d_ladder<T>, shapes(),
             [](Buffers& b, const Conv2dShape& s) {
               const kernels::Epilogue<T> epilogue{b.input<T>(s.out_c), kernels::Activation::relu};
               return std::tuple(b.input<T>(s.in_size()), b.input<T>(s.weight_size()),
                                 b.output<T>(s.out_size()), epilogue);
             },
             options, large_shapes()) &&
         add_ladder(
             kernels::conv2d_input_gradient_ladder<T>, shapes(),
             [](Buffers& b, const Conv2dShape& s) {
               return std::tuple(b.input<T>(s.out_size()), b.input<T>(s.weight_size()),
                                 b.output<T>(s.in_size()));
             },
             options, large_shapes()) &&
         add_ladder(
             kernels::conv2d_weight_gradient_ladder<T>, shapes(),
             [](Buffers& b, const Conv2dShape& s) {
               return std::tuple(b.input<T>(s.in_size()), b.input<T>(s.out_size()),
                                 b.output<T>(s.weight_size()));
             },
             options, large_shapes());
}

const bool conv2d_rows =
    add_passes<float>({}) && add_passes<kernels::BFloat16>({.tolerance = 0.01});

}  // namespace
}  // namespace keratin::bench
