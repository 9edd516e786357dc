#include "kernels/warp/warp.h"

#include <algorithm>
#include <cmath>

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using kernels::FillMode;
using kernels::Interpolation;
using kernels::WarpShape;

WarpShape square(std::int64_t batch, std::int64_t size, std::int64_t channels, FillMode mode,
                 Interpolation interpolation = Interpolation::bilinear) {
  return {batch, size, size, channels, size, size, interpolation, mode, 0};
}

const std::vector<WarpShape> kShapes = {square(32, 180, 3, FillMode::reflect),
                                        square(32, 180, 3, FillMode::constant),
                                        square(128, 28, 1, FillMode::reflect),
                                        square(32, 180, 1, FillMode::wrap, Interpolation::nearest),
                                        square(8, 64, 64, FillMode::nearest)};

// Each image turned about its middle, by an angle of its own.
const float* rotations(Buffers& b, const WarpShape& s) {
  float* const matrices = b.output<float>(8 * s.batch);
  const auto middle = static_cast<float>(s.in_w - 1) / 2;
  for (std::int64_t n = 0; n < s.batch; ++n) {
    const float angle = 0.1f * static_cast<float>(n % 13 - 6);
    const float c = std::cos(angle), i = std::sin(angle);
    const float rows[8] = {c, -i, middle * (1 - c + i), i, c, middle * (1 - c - i), 0, 0};
    std::copy_n(rows, 8, matrices + 8 * n);
  }
  return matrices;
}

}  // namespace

const bool warp_row =
    add_ladder(kernels::warp_ladder<float>, kShapes, [](Buffers& b, const WarpShape& s) {
      return std::tuple(b.input<float>(s.in_size()), rotations(b, s),
                        b.output<float>(s.out_size()));
    });
const bool warp_gradient_row =
    add_ladder(kernels::warp_gradient_ladder<float>, kShapes, [](Buffers& b, const WarpShape& s) {
      return std::tuple(b.input<float>(s.out_size()), rotations(b, s),
                        b.output<float>(s.in_size()));
    });

}  // namespace keratin::bench
