#include "kernels/cuda/plain_product.cuh"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/tensor.cuh"

namespace keratin::kernels::cuda {

void gemm_bfloat16_naive(const BFloat16* a, const BFloat16* b, BFloat16* c,
                         const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream) {
  with_matrices(a, b, c, e, s,
                [&](const auto& left, const auto& right, const auto& out,
                    const TensorSizes& sizes) { plain_product(left, right, out, sizes, stream); });
}

void gemm_bfloat16_mma(const BFloat16* a, const BFloat16* b, BFloat16* c,
                       const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream) {
  tensor_gemm<Bf16Math>(a, b, c, e, s, stream);
}

}  // namespace keratin::kernels::cuda
