#include "kernels/softmax/row.cuh"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kGroup = 512;
constexpr int kTogether = 8;  // elements a thread whose largest is found before their powers

// The sum of exp(x - max) of what was seen so far.
struct Online {
  float max = -INFINITY, sum = 0;

  // What was summed before a larger value came, as it counts after it; before any number, as it is.
  __device__ __forceinline__ void raise(float to) {
    if (to > max) {
      sum *= std::exp(max - to);
      max = to;
    }
  }
};

// A row too long for registers, a block a row: the largest and the sum in one reading (Milakov and
// Gimelshein 2018), the results in a second.
template <bool kLog>
__global__ void __launch_bounds__(kGroup) softmax_kernel(const float* x, float* y, SoftmaxShape s) {
  using Row = Held<kGroup, kTogether, float>;
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.cols;
    float* const to = y + row * s.cols;
    Online seen;
    for (std::int64_t first = 0; first < s.cols; first += kGroup * kTogether) {
      Row r{};
      r.load(
          s.cols - first, [&](std::int64_t c) { return from[first + c]; }, -INFINITY);
      float most = r.at[0];
#pragma unroll
      for (int k = 1; k < kTogether; ++k) most = std::fmax(most, r.at[k]);
      seen.raise(most);
      // Of -inf alone the power is 0, whatever is taken from it; NaN stays.
      const float shift = seen.max == -INFINITY ? 0 : seen.max;
#pragma unroll
      for (int k = 0; k < kTogether; ++k) seen.sum += std::exp(r.at[k] - shift);
    }
    seen.raise(over_group<kGroup>(seen.max, Larger{}));
    const float max = seen.max, sum = over_group<kGroup>(seen.sum, Add{});
    const float scale = kLog ? std::log(sum) : 1 / sum;
#pragma unroll 4
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      const float shifted = from[c] - max;
      to[c] = kLog ? shifted - scale : std::exp(shifted) * scale;
    }
  });
}

template <bool kLog>
void forward(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = softmax_kernel<kLog>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, y, s);
}

}  // namespace

bool softmax_online_applies(const SoftmaxShape& s) { return s.cols > 8192; }

void softmax_online(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<false>(x, y, s, stream);
}
void log_softmax_online(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<true>(x, y, s, stream);
}

}  // namespace keratin::kernels::cuda
