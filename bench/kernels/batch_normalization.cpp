#include <algorithm>

#include "bench/harness.h"
#include "kernels/batch_normalization/relu.h"

namespace keratin::bench {
namespace {

using Shape = kernels::BatchNormShape;

// Features of a Dense layer; images of a convolution with 32 and 64 channels; colours.
const std::vector<Shape> shapes = {
    {4096, 1024, 1e-3}, {100352, 32, 1e-3}, {25088, 64, 1e-3}, {1'000'000, 3, 1e-3}};

const std::vector<Shape> large_shapes = {{256 * 56 * 56, 64, 1e-3}};

// The same with relu, alone and with what is added.
using ReluShape = kernels::BatchNormReluShape;
std::vector<ReluShape> with_relu(const std::vector<Shape>& all) {
  std::vector<ReluShape> both;
  for (const Shape& s : all) {
    both.push_back({s, false});
    both.push_back({s, true});
  }
  return both;
}

const float* ones(Buffers& b, std::int64_t count) {
  auto* const values = const_cast<float*>(b.input<float>(count));
  std::fill_n(values, count, 1.0f);
  return values;
}

template <class T>
bool add_rows(RowOptions options) {
  return add_ladder(
             kernels::batch_moments_ladder<T>, shapes,
             [](Buffers& b, const Shape& s) {
               return std::tuple(b.input<T>(s.rows * s.channels), b.output<float>(s.channels),
                                 b.output<float>(s.channels));
             },
             options, large_shapes) &&
         add_ladder(
             kernels::batch_norm_ladder<T>, shapes,
             [](Buffers& b, const Shape& s) {
               return std::tuple(b.input<T>(s.rows * s.channels), b.input<float>(s.channels),
                                 ones(b, s.channels), b.input<float>(s.channels),
                                 b.input<float>(s.channels), b.output<T>(s.rows * s.channels));
             },
             options, large_shapes) &&
         add_ladder(
             kernels::batch_norm_gradient_ladder<T>, shapes,
             [](Buffers& b, const Shape& s) {
               return std::tuple(b.input<T>(s.rows * s.channels), b.input<T>(s.rows * s.channels),
                                 b.input<float>(s.channels), ones(b, s.channels),
                                 b.input<float>(s.channels), b.output<T>(s.rows * s.channels),
                                 b.output<float>(s.channels), b.output<float>(s.channels));
             },
             options, large_shapes) &&
         add_ladder(
             kernels::batch_norm_relu_ladder<T>, with_relu(shapes),
             [](Buffers& b, const ReluShape& s) {
               const std::int64_t size = s.rows * s.channels;
               return std::tuple(b.input<T>(size), b.input<float>(s.channels), ones(b, s.channels),
                                 b.input<float>(s.channels), b.input<float>(s.channels),
                                 b.input<T>(s.residual ? size : 0), b.output<T>(size));
             },
             options, with_relu(large_shapes)) &&
         add_ladder(
             kernels::batch_norm_relu_gradient_ladder<T>, with_relu(shapes),
             [](Buffers& b, const ReluShape& s) {
               const std::int64_t size = s.rows * s.channels;
               return std::tuple(b.input<T>(size), b.input<T>(size), b.input<T>(size),
                                 b.input<float>(s.channels), ones(b, s.channels),
                                 b.input<float>(s.channels), b.output<T>(size),
                                 b.output<T>(s.residual ? size : 0), b.output<float>(s.channels),
                                 b.output<float>(s.channels));
             },
             options, with_relu(large_shapes));
}

const bool batch_norm_rows =
    add_rows<float>({}) && add_rows<kernels::BFloat16>({.tolerance = 0.01});

}  // namespace
}  // namespace keratin::bench
