#include "kernels/resize/resize.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using kernels::Interpolation;
using kernels::resize_shape;
using kernels::ResizeShape;

// A photograph made smaller, plainly and with antialias; a batch made smaller and larger; masks.
const std::vector<ResizeShape> kShapes = {
    resize_shape(1, 375, 500, 3, 200, 200),
    resize_shape(1, 375, 500, 3, 200, 200, Interpolation::bilinear, true),
    resize_shape(8, 480, 640, 3, 224, 224, Interpolation::bicubic, true),
    resize_shape(8, 480, 640, 3, 224, 224, Interpolation::lanczos3, true),
    resize_shape(8, 180, 180, 3, 224, 224),
    resize_shape(8, 480, 640, 1, 224, 224, Interpolation::nearest),
    resize_shape(32, 32, 32, 64, 64, 64),
    resize_shape(32, 28, 28, 1, 64, 64)};

template <class T>
bool add_row() {
  return add_ladder(kernels::resize_ladder<T>, kShapes, [](Buffers& b, const ResizeShape& s) {
    return std::tuple(b.input<T>(s.image_size()), b.output<float>(s.out_size()));
  });
}

}  // namespace

const bool resize_row = add_row<float>();
const bool resize_bytes_row = add_row<std::uint8_t>();
const bool resize_gradient_row = add_ladder(
    kernels::resize_gradient_ladder<float>, kShapes, [](Buffers& b, const ResizeShape& s) {
      return std::tuple(b.input<float>(s.out_size()), b.output<float>(s.image_size()));
    });

}  // namespace keratin::bench
