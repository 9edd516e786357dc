#include "kernels/softmax/bfloat16.h"

#include <algorithm>
#include <vector>

#include "kernels/cast/cast.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kBlock = 2048;   // elements: 8 KiB as float32, of each operand
constexpr std::int64_t kPiece = 16384;  // of a thread at least

void widen(const BFloat16* from, float* to, std::int64_t n) {
  pick(cast_ladder<BFloat16, float>, {n}).function(from, to, {n});
}
void narrow(const float* from, BFloat16* to, std::int64_t n) {
  pick(cast_ladder<float, BFloat16>, {n}).function(from, to, {n});
}

// Blocks of whole rows: run(first row, rows).
template <class F>
void for_each_block(const SoftmaxShape& s, const F& run) {
  const std::int64_t most = std::max<std::int64_t>(1, kBlock / s.cols);
  const std::int64_t piece = std::max<std::int64_t>(1, kPiece / (most * s.cols)) * most;
  parallel_for(s.rows, piece, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch a(std::min(most, last - first) * s.cols);
    const FloatScratch b(std::min(most, last - first) * s.cols);
    for (std::int64_t r = first; r < last; r += most)
      run(r, std::min(most, last - r), a.data(), b.data());
  });
}

template <class Ladder>
void forward(const Ladder& ladder, const BFloat16* x, BFloat16* y, const SoftmaxShape& s) {
  for_each_block(s, [&](std::int64_t row, std::int64_t rows, float* wide, float*) {
    const std::int64_t at = row * s.cols, n = rows * s.cols;
    const SoftmaxShape block{rows, s.cols};
    widen(x + at, wide, n);
    pick(ladder, block).function(wide, wide, block);
    narrow(wide, y + at, n);
  });
}

template <class Ladder>
void backward(const Ladder& ladder, const BFloat16* y, const BFloat16* dy, BFloat16* dx,
              const SoftmaxShape& s) {
  for_each_block(s, [&](std::int64_t row, std::int64_t rows, float* wide_y, float* wide_dy) {
    const std::int64_t at = row * s.cols, n = rows * s.cols;
    const SoftmaxShape block{rows, s.cols};
    widen(y + at, wide_y, n);
    widen(dy + at, wide_dy, n);
    pick(ladder, block).function(wide_y, wide_dy, wide_dy, block);
    narrow(wide_dy, dx + at, n);
  });
}

std::vector<float> widened(const BFloat16* x, const SoftmaxShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.rows * s.cols));
  std::transform(x, x + wide.size(), wide.begin(), to_float);
  return wide;
}
void round_all(const std::vector<float>& x, BFloat16* y) {
  std::transform(x.begin(), x.end(), y, to_bfloat16);
}
void plain_forward(SoftmaxFn<float> function, const BFloat16* x, BFloat16* y,
                   const SoftmaxShape& s) {
  std::vector<float> wide = widened(x, s);
  function(wide.data(), wide.data(), s);
  round_all(wide, y);
}
void plain_backward(SoftmaxGradientFn<float> function, const BFloat16* y, const BFloat16* dy,
                    BFloat16* dx, const SoftmaxShape& s) {
  const std::vector<float> wide_y = widened(y, s);
  std::vector<float> wide = widened(dy, s);
  function(wide_y.data(), wide.data(), wide.data(), s);
  round_all(wide, dx);
}

}  // namespace

void softmax_bfloat16_reference(const BFloat16* x, BFloat16* y, const SoftmaxShape& s) {
  plain_forward(softmax_reference<float>, x, y, s);
}
void softmax_bfloat16_widened(const BFloat16* x, BFloat16* y, const SoftmaxShape& s) {
  forward(softmax_ladder<float>, x, y, s);
}
void log_softmax_bfloat16_reference(const BFloat16* x, BFloat16* y, const SoftmaxShape& s) {
  plain_forward(log_softmax_reference<float>, x, y, s);
}
void log_softmax_bfloat16_widened(const BFloat16* x, BFloat16* y, const SoftmaxShape& s) {
  forward(log_softmax_ladder<float>, x, y, s);
}
void softmax_gradient_bfloat16_reference(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                         const SoftmaxShape& s) {
  plain_backward(softmax_gradient_reference<float>, y, dy, dx, s);
}
void softmax_gradient_bfloat16_widened(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                       const SoftmaxShape& s) {
  backward(softmax_gradient_ladder<float>, y, dy, dx, s);
}
void log_softmax_gradient_bfloat16_reference(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                             const SoftmaxShape& s) {
  plain_backward(log_softmax_gradient_reference<float>, y, dy, dx, s);
}
void log_softmax_gradient_bfloat16_widened(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                           const SoftmaxShape& s) {
  backward(log_softmax_gradient_ladder<float>, y, dy, dx, s);
}

}  // namespace keratin::kernels::cpu
