// Matrix product of bfloat16 operands, as gemm.h says in all else. Products and sums are of float32
// (the reference's of double); bias and what C held are added in float32, and each element of C is
// rounded once, to nearest, ties to even.
//
// NaN and infinities go through as they do in float32. What lies under the smallest normal number,
// 2^-126, may count as 0: `avx512_bf16` and `amx` read such operands as 0, and so they do with such
// sums on the way.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/gemm/gemm.h"

namespace keratin::kernels {

using GemmBFloat16Fn = GemmFn<BFloat16>;

namespace cpu {
void gemm_bfloat16_reference(const BFloat16* a, const BFloat16* b, BFloat16* c,
                             const Epilogue<BFloat16>& e, const GemmShape& s);
void gemm_bfloat16_widened(const BFloat16* a, const BFloat16* b, BFloat16* c,
                           const Epilogue<BFloat16>& e, const GemmShape& s);
void gemm_bfloat16_avx512_bf16(const BFloat16* a, const BFloat16* b, BFloat16* c,
                               const Epilogue<BFloat16>& e, const GemmShape& s);
void gemm_bfloat16_amx(const BFloat16* a, const BFloat16* b, BFloat16* c,
                       const Epilogue<BFloat16>& e, const GemmShape& s);
bool gemm_avx512_bf16_applies(const GemmShape& s);
bool gemm_amx_applies(const GemmShape& s);
}  // namespace cpu

template <>
inline constexpr auto gemm_ladder<BFloat16> = Ladder{
    "gemm", "gemm_bfloat16", gemm_cost<BFloat16>,
    std::array{
        Rung<GemmBFloat16Fn>{"reference", "", always, cpu::gemm_bfloat16_reference},
        Rung<GemmBFloat16Fn>{"widened",
                             "float32 tiles; operands are converted while they are packed", always,
                             cpu::gemm_bfloat16_widened},
        Rung<GemmBFloat16Fn>{"avx512_bf16", "vdpbf16ps: two products a lane and instruction",
                             cpu::gemm_avx512_bf16_applies, cpu::gemm_bfloat16_avx512_bf16,
                             "a processor with AVX-512 BF16", false},
        Rung<GemmBFloat16Fn>{"amx", "tdpbf16ps: 16 x 16 sums of 32 products an instruction",
                             cpu::gemm_amx_applies, cpu::gemm_bfloat16_amx,
                             "a processor with AMX, and a system that lets it be used", false}}};

namespace cuda {
void gemm_bfloat16_naive(const BFloat16* a, const BFloat16* b, BFloat16* c,
                         const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream);
void gemm_bfloat16_mma(const BFloat16* a, const BFloat16* b, BFloat16* c,
                       const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream);
/// Operands that do not begin at multiples of 16 bytes go to gemm_bfloat16_mma.
void gemm_bfloat16_wgmma(const BFloat16* a, const BFloat16* b, BFloat16* c,
                         const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream);
/// Rows a multiple of 16 bytes apart, in a batch matrices a multiple of rows; a k of 1 or more.
bool gemm_bfloat16_wgmma_applies(const GemmShape& s);

inline constexpr CudaLadder<GemmBFloat16Fn, 3> gemm_bfloat16_ladder{
    {{{"naive", "", always, gemm_bfloat16_naive},
      {"mma", "tensor cores: mma.sync, cp.async in four stages, ldmatrix from swizzled tiles",
       always, gemm_bfloat16_mma},
      {"wgmma", "TMA brings the tiles, one thread asks; warpgroups multiply out of shared memory",
       gemm_bfloat16_wgmma_applies, gemm_bfloat16_wgmma, Taken::by_hand, is_hopper}}}};
}  // namespace cuda

}  // namespace keratin::kernels
