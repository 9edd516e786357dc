#include "kernels/layer_normalization/layer_normalization.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using Shape = kernels::LayerNormShape;

const std::vector<Shape> shapes = {{4096, 1024, 1e-3}, {8192, 64, 1e-3}, {16384, 1000, 1e-3}};

const std::vector<Shape> large_shapes = {{65536, 1024, 1e-3}};

const bool forward_row = add_ladder(
    kernels::layer_norm_ladder<float>, shapes,
    [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.cols), b.input<float>(s.cols),
                        b.input<float>(s.cols), b.output<float>(s.rows * s.cols),
                        b.output<float>(s.rows), b.output<float>(s.rows));
    },
    {}, large_shapes);
const bool gradient_row = add_ladder(
    kernels::layer_norm_gradient_ladder<float>, shapes,
    [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.cols), b.input<float>(s.rows * s.cols),
                        b.input<float>(s.cols), b.input<float>(s.rows), b.input<float>(s.rows),
                        b.output<float>(s.rows * s.cols), b.output<float>(s.cols),
                        b.output<float>(s.cols));
    },
    {}, large_shapes);

}  // namespace
}  // namespace keratin::bench
