#include "kernels/gemm/tensor.cuh"

namespace keratin::kernels::cuda {

void gemm_tf32(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& s, const Stream& stream) {
  tensor_gemm<Tf32Math>(a, b, c, e, s, stream);
}

}  // namespace keratin::kernels::cuda
