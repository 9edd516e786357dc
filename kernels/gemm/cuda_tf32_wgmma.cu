#include "kernels/gemm/gemm.h"
#include "kernels/gemm/warpgroups.cuh"

namespace keratin::kernels::cuda {

bool gemm_tf32_wgmma_applies(const GemmShape& s) {
  return !s.trans_a && s.trans_b && operands_can_be_mapped<float>(s);
}

void gemm_tf32_wgmma(const float* a, const float* b, float* c, const Epilogue<float>& e,
                     const GemmShape& s, const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const MappedOperands<float> operands(a, b, s);
  if (!operands.can_be_mapped()) return gemm_tf32(a, b, c, e, s, stream);
  warpgroup_product<true, true>(operands.a, operands.b, WideMatrixOut<float>(c, e, s), s.batch,
                                "gemm: " + s.text(), stream);
}

}  // namespace keratin::kernels::cuda
