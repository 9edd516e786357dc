#include "kernels/conv2d/bfloat16.h"
#include "kernels/conv2d/tensor.cuh"
#include "kernels/cuda/plain_product.cuh"

namespace keratin::kernels::cuda {
namespace {

struct ByPlainLoops {
  const Stream& stream;
  template <class A, class B, class Out>
  void operator()(const A& a, const B& b, const Out& out, const TensorSizes& sizes) const {
    plain_product(a, b, out, sizes, stream);
  }
};

}  // namespace

bool conv2d_bfloat16_applies(const Conv2dShape& s) { return counts_in_32_bits(s); }
bool conv2d_mma_applies(const Conv2dShape& s) {
  return (s.groups == 1 || s.group_out() >= 16) && counts_in_32_bits(s);
}

void conv2d_bfloat16_naive(const BFloat16* x, const BFloat16* w, BFloat16* y,
                           const Epilogue<BFloat16>& e, const Conv2dShape& s,
                           const Stream& stream) {
  tensor_forward(x, w, y, e, s, ByPlainLoops{stream});
}
void conv2d_input_gradient_bfloat16_naive(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                          const Conv2dShape& s, const Stream& stream) {
  tensor_input_gradient(dy, w, dx, s, ByPlainLoops{stream});
}
void conv2d_weight_gradient_bfloat16_naive(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                           const Conv2dShape& s, const Stream& stream) {
  const std::int64_t all = std::max<std::int64_t>(s.batch * s.out_h * s.out_w, 1);
  tensor_weight_gradient(x, dy, dw, s, all, stream, ByPlainLoops{stream});
}

void conv2d_bfloat16_mma(const BFloat16* x, const BFloat16* w, BFloat16* y,
                         const Epilogue<BFloat16>& e, const Conv2dShape& s, const Stream& stream) {
  tensor_forward(x, w, y, e, s, OnTensorCores<Bf16Math>{s, stream});
}
void conv2d_input_gradient_bfloat16_mma(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                        const Conv2dShape& s, const Stream& stream) {
  tensor_input_gradient(dy, w, dx, s, OnTensorCores<Bf16Math>{s, stream});
}
void conv2d_weight_gradient_bfloat16_mma(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                         const Conv2dShape& s, const Stream& stream) {
  tensor_weight_gradient(x, dy, dw, s, kTensorPiece, stream, OnTensorCores<Bf16Math>{s, stream});
}

}  // namespace keratin::kernels::cuda
