#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/warpgroups.cuh"

namespace keratin::kernels::cuda {

bool gemm_bfloat16_wgmma_applies(const GemmShape& s) { return operands_can_be_mapped<BFloat16>(s); }

void gemm_bfloat16_wgmma(const BFloat16* a, const BFloat16* b, BFloat16* c,
                         const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const MappedOperands<BFloat16> operands(a, b, s);
  if (!operands.can_be_mapped()) return gemm_bfloat16_mma(a, b, c, e, s, stream);
  const auto multiply = [&]<bool a_along_k, bool b_along_k>() {
    warpgroup_product<a_along_k, b_along_k>(operands.a, operands.b,
                                            WideMatrixOut<BFloat16>(c, e, s), s.batch,
                                            "gemm: " + s.text(), stream);
  };
  if (s.trans_a && s.trans_b) {
    multiply.operator()<false, true>();
  } else if (s.trans_a) {
    multiply.operator()<false, false>();
  } else if (s.trans_b) {
    multiply.operator()<true, true>();
  } else {
    multiply.operator()<true, false>();
  }
}

}  // namespace keratin::kernels::cuda
