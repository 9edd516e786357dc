#include "kernels/cross_entropy/cross_entropy.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using Shape = kernels::CrossEntropyShape;

const std::vector<Shape> shapes = {{128, 10}, {32768, 10}, {4096, 1024}};

const bool sparse_row =
    add_ladder(kernels::sparse_cross_entropy_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.classes),
                        b.indices<std::int32_t>(s.rows, s.classes), b.output<float>(s.rows));
    });
const bool sparse_total_row = add_ladder(
    kernels::sparse_cross_entropy_total_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.classes),
                        b.indices<std::int32_t>(s.rows, s.classes), b.output<float>(1));
    });
const bool sparse_gradient_row = add_ladder(
    kernels::sparse_cross_entropy_gradient_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.classes),
                        b.indices<std::int32_t>(s.rows, s.classes), b.input<float>(s.rows),
                        b.output<float>(s.rows * s.classes));
    });
const bool dense_row =
    add_ladder(kernels::cross_entropy_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.classes), b.input<float>(s.rows * s.classes),
                        b.output<float>(s.rows));
    });
const bool dense_gradient_row = add_ladder(
    kernels::cross_entropy_gradient_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.rows * s.classes), b.input<float>(s.rows * s.classes),
                        b.input<float>(s.rows), b.output<float>(s.rows * s.classes));
    });

}  // namespace
}  // namespace keratin::bench
