#include "kernels/pool2d/pool2d.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using kernels::Pool2dShape;

// Square images and windows, no padding.
Pool2dShape pooling(std::int64_t batch, std::int64_t size, std::int64_t channels, std::int64_t pool,
                    std::int64_t stride) {
  return {.batch = batch,
          .in_h = size,
          .in_w = size,
          .channels = channels,
          .out_h = (size - pool) / stride + 1,
          .out_w = (size - pool) / stride + 1,
          .pool_h = pool,
          .pool_w = pool,
          .stride_h = stride,
          .stride_w = stride};
}

// The two of a small MNIST network; a large one; overlapping windows.
const std::vector<Pool2dShape> kShapes = {pooling(128, 26, 32, 2, 2), pooling(128, 11, 64, 2, 2),
                                          pooling(32, 64, 64, 2, 2), pooling(32, 64, 64, 3, 2)};

}  // namespace

const bool max_pool2d_row =
    add_ladder(kernels::max_pool2d_ladder<float>, kShapes, [](Buffers& b, const Pool2dShape& s) {
      return std::tuple(b.input<float>(s.in_size()), b.output<float>(s.out_size()));
    });
const bool max_pool2d_gradient_row = add_ladder(
    kernels::max_pool2d_gradient_ladder<float>, kShapes, [](Buffers& b, const Pool2dShape& s) {
      return std::tuple(b.input<float>(s.in_size()), b.input<float>(s.out_size()),
                        b.output<float>(s.in_size()));
    });
const bool average_pool2d_row = add_ladder(
    kernels::average_pool2d_ladder<float>, kShapes, [](Buffers& b, const Pool2dShape& s) {
      return std::tuple(b.input<float>(s.in_size()), b.output<float>(s.out_size()));
    });
const bool average_pool2d_gradient_row = add_ladder(
    kernels::average_pool2d_gradient_ladder<float>, kShapes, [](Buffers& b, const Pool2dShape& s) {
      return std::tuple(b.input<float>(s.out_size()), b.output<float>(s.in_size()));
    });

}  // namespace keratin::bench
