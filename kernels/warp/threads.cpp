#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/warp/place.h"

namespace keratin::kernels::cpu {

// By images, as the pixels of one share sources.
void warp_gradient_threads(const float* dy, const float* matrices, float* dx, const WarpShape& s) {
  const std::int64_t in = s.in_h * s.in_w * s.channels, out = s.out_h * s.out_w * s.channels;
  parallel_for(s.batch, grain_for(8 * out + in), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t n = first; n < last; ++n) {
      std::fill(dx + n * in, dx + (n + 1) * in, 0.0f);
      add_warp_gradient(dy + n * out, matrices + 8 * n, dx + n * in, s);
    }
  });
}

}  // namespace keratin::kernels::cpu
