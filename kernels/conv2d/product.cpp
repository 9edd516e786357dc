// Convolutions that are products of matrices as they stand: of 1 x 1 pixel, and of a kernel as large
// as the image. The ladder of gemm has rungs for few channels, few pixels and small sizes.
#include "kernels/conv2d/conv2d.h"
#include "kernels/gemm/gemm.h"
#include "kernels/run.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kFewChannels = 16;
constexpr std::int64_t kSmall = 1 << 20;  // multiply-adds

std::int64_t rows(const Conv2dShape& s) { return s.batch * s.out_h * s.out_w; }

bool is_whole_image(const Conv2dShape& s) {
  return s.out_h == 1 && s.out_w == 1 && s.kernel_h == s.in_h && s.kernel_w == s.in_w &&
         s.dilation_h == 1 && s.dilation_w == 1;
}
bool is_pointwise(const Conv2dShape& s) {
  return s.kernel_h == 1 && s.kernel_w == 1 && s.out_h == s.in_h && s.out_w == s.in_w &&
         s.stride_h == 1 && s.stride_w == 1;
}
bool is_product(const Conv2dShape& s) {
  return s.batch > 0 && s.groups == 1 && s.pad_top == 0 && s.pad_left == 0 &&
         (is_whole_image(s) || is_pointwise(s));
}
bool is_small(const Conv2dShape& s) { return rows(s) * s.depth() * s.out_c <= kSmall; }

void multiply(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s) {
  pick(gemm_ladder<float>, s).function(a, b, c, e, s);
}

}  // namespace

// Of many pixels and channels `direct` has more to gain: it fuses the copying of both operands.
bool conv2d_product_applies(const Conv2dShape& s) {
  return is_product(s) &&
         (is_whole_image(s) || is_small(s) || s.in_c <= kFewChannels || s.out_c <= kFewChannels);
}
// Sums run over pixels, of which a product is not cut for threads.
bool conv2d_weight_gradient_product_applies(const Conv2dShape& s) {
  return is_product(s) && (is_small(s) || s.out_c <= kTurnedColumns);
}

void conv2d_product(const float* x, const float* w, float* y, const Epilogue<float>& e,
                    const Conv2dShape& s) {
  multiply(x, w, y, e, gemm_shape(rows(s), s.out_c, s.depth()));
}
void conv2d_input_gradient_product(const float* dy, const float* w, float* dx,
                                   const Conv2dShape& s) {
  multiply(dy, w, dx, {}, gemm_shape(rows(s), s.depth(), s.out_c, false, true));
}
void conv2d_weight_gradient_product(const float* x, const float* dy, float* dw,
                                    const Conv2dShape& s) {
  multiply(x, dy, dw, {}, gemm_shape(s.depth(), s.out_c, rows(s), true));
}

}  // namespace keratin::kernels::cpu
