#include "kernels/pool2d/pool2d.h"

#include "bench/harness.h"
#include "kernels/pool2d/bfloat16.h"

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
          .stride_w = stride,
          .winner_bytes = 1};
}

// The two of a small MNIST network; a large one; overlapping windows.
const std::vector<Pool2dShape> kShapes = {pooling(128, 26, 32, 2, 2), pooling(128, 11, 64, 2, 2),
                                          pooling(32, 64, 64, 2, 2), pooling(32, 64, 64, 3, 2)};

const std::vector<Pool2dShape> kLargeShapes = {pooling(256, 112, 64, 2, 2)};

template <class T>
bool add_pooling(RowOptions options) {
  return add_ladder(
             kernels::max_pool2d_ladder<T>, kShapes,
             [](Buffers& b, const Pool2dShape& s) {
               const T* const x = b.input<T>(s.in_size());
               T* const y = b.output<T>(s.out_size());
               return std::tuple(x, y, b.output<std::uint8_t>(s.out_size()));
             },
             options, kLargeShapes) &&
         add_ladder(
             kernels::max_pool2d_gradient_ladder<T>, kShapes,
             [](Buffers& b, const Pool2dShape& s) {
               const auto* const winners =
                   b.indices<std::uint8_t>(s.out_size(), s.pool_h * s.pool_w);
               const T* const dy = b.input<T>(s.out_size());
               return std::tuple(winners, dy, b.output<T>(s.in_size()));
             },
             options, kLargeShapes) &&
         add_ladder(
             kernels::average_pool2d_ladder<T>, kShapes,
             [](Buffers& b, const Pool2dShape& s) {
               return std::tuple(b.input<T>(s.in_size()), b.output<T>(s.out_size()));
             },
             options, kLargeShapes) &&
         add_ladder(
             kernels::average_pool2d_gradient_ladder<T>, kShapes,
             [](Buffers& b, const Pool2dShape& s) {
               return std::tuple(b.input<T>(s.out_size()), b.output<T>(s.in_size()));
             },
             options, kLargeShapes);
}

const bool pool2d_rows =
    add_pooling<float>({}) && add_pooling<kernels::BFloat16>({.tolerance = 0.01});

}  // namespace
}  // namespace keratin::bench
