#include "kernels/layer_normalization/bfloat16.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using Shape = kernels::LayerNormShape;

const std::vector<Shape> shapes = {{4096, 1024, 1e-3}, {8192, 64, 1e-3}, {16384, 1000, 1e-3}};

const std::vector<Shape> large_shapes = {{65536, 1024, 1e-3}};

template <class T>
bool add_rows(RowOptions options) {
  return add_ladder(
             kernels::layer_norm_ladder<T>, shapes,
             [](Buffers& b, const Shape& s) {
               return std::tuple(b.input<T>(s.rows * s.cols), b.input<float>(s.cols),
                                 b.input<float>(s.cols), b.output<T>(s.rows * s.cols),
                                 b.output<float>(s.rows), b.output<float>(s.rows));
             },
             options, large_shapes) &&
         add_ladder(
             kernels::layer_norm_gradient_ladder<T>, shapes,
             [](Buffers& b, const Shape& s) {
               return std::tuple(b.input<T>(s.rows * s.cols), b.input<T>(s.rows * s.cols),
                                 b.input<float>(s.cols), b.input<float>(s.rows),
                                 b.input<float>(s.rows), b.output<T>(s.rows * s.cols),
                                 b.output<float>(s.cols), b.output<float>(s.cols));
             },
             options, large_shapes);
}

const bool layer_norm_rows =
    add_rows<float>({}) && add_rows<kernels::BFloat16>({.tolerance = 0.01});

}  // namespace
}  // namespace keratin::bench
