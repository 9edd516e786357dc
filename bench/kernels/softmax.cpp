#include "kernels/softmax/bfloat16.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

const std::vector<kernels::SoftmaxShape> shapes = {{64, 10},     {128, 1000},  {32768, 10},
                                                   {4096, 1024}, {1024, 8000}, {256, 32000}};

const std::vector<kernels::SoftmaxShape> large_shapes = {{65536, 1024}, {4096, 32768}};

auto forward(Buffers& b, const kernels::SoftmaxShape& s) {
  return std::tuple(b.input<float>(s.rows * s.cols), b.output<float>(s.rows * s.cols));
}
auto backward(Buffers& b, const kernels::SoftmaxShape& s) {
  return std::tuple(b.input<float>(s.rows * s.cols, 0.01), b.input<float>(s.rows * s.cols),
                    b.output<float>(s.rows * s.cols));
}

const bool softmax_row =
    add_ladder(kernels::softmax_ladder<float>, shapes, forward, {}, large_shapes);
const bool log_softmax_row =
    add_ladder(kernels::log_softmax_ladder<float>, shapes, forward, {}, large_shapes);
const bool softmax_gradient_row =
    add_ladder(kernels::softmax_gradient_ladder<float>, shapes, backward, {}, large_shapes);
const bool log_softmax_gradient_row =
    add_ladder(kernels::log_softmax_gradient_ladder<float>, shapes, backward, {}, large_shapes);

using kernels::BFloat16;

auto forward_bfloat16(Buffers& b, const kernels::SoftmaxShape& s) {
  return std::tuple(b.input<BFloat16>(s.rows * s.cols), b.output<BFloat16>(s.rows * s.cols));
}
auto backward_bfloat16(Buffers& b, const kernels::SoftmaxShape& s) {
  return std::tuple(b.input<BFloat16>(s.rows * s.cols, 0.01), b.input<BFloat16>(s.rows * s.cols),
                    b.output<BFloat16>(s.rows * s.cols));
}

const bool bfloat16_rows =
    add_ladder(kernels::softmax_ladder<BFloat16>, shapes, forward_bfloat16, {.tolerance = 0.01}) &&
    add_ladder(kernels::log_softmax_ladder<BFloat16>, shapes, forward_bfloat16,
               {.tolerance = 0.01}) &&
    add_ladder(kernels::softmax_gradient_ladder<BFloat16>, shapes, backward_bfloat16,
               {.tolerance = 0.01}) &&
    add_ladder(kernels::log_softmax_gradient_ladder<BFloat16>, shapes, backward_bfloat16,
               {.tolerance = 0.01});

}  // namespace
}  // namespace keratin::bench
