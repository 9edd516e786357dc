// Element-wise operations on bfloat16: those of float32 (elementwise.h), each result rounded once,
// to nearest, ties to even. What may alias is as there.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/elementwise/elementwise.h"

namespace keratin::kernels {

namespace cpu {
void unary_bfloat16_reference(const BFloat16* x, BFloat16* y, const UnaryShape& s);
void unary_bfloat16_widened(const BFloat16* x, BFloat16* y, const UnaryShape& s);
void binary_bfloat16_reference(const BFloat16* a, const BFloat16* b, BFloat16* y,
                               const BinaryShape& s);
void binary_bfloat16_widened(const BFloat16* a, const BFloat16* b, BFloat16* y,
                             const BinaryShape& s);
void binary_bfloat16_bits(const BFloat16* a, const BFloat16* b, BFloat16* y, const BinaryShape& s);
bool binary_bfloat16_bits_applies(const BinaryShape& s);
}  // namespace cpu

template <>
inline constexpr auto unary_ladder<BFloat16> = Ladder{
    "elementwise", "unary_bfloat16", unary_cost<BFloat16>,
    std::array{Rung<UnaryFn<BFloat16>>{"reference", "", always, cpu::unary_bfloat16_reference},
               Rung<UnaryFn<BFloat16>>{
                   "widened", "blocks that stay in the L1 cache go through the kernels of float32",
                   always, cpu::unary_bfloat16_widened}}};
template <>
inline constexpr auto binary_ladder<BFloat16> = Ladder{
    "elementwise", "binary_bfloat16", binary_cost<BFloat16>,
    std::array{
        Rung<BinaryFn<BFloat16>>{"reference", "", always, cpu::binary_bfloat16_reference},
        Rung<BinaryFn<BFloat16>>{
            "widened", "blocks that stay in the L1 cache go through the kernels of float32", always,
            cpu::binary_bfloat16_widened},
        Rung<BinaryFn<BFloat16>>{"bits", "nothing is converted: signs are compared as integers",
                                 cpu::binary_bfloat16_bits_applies, cpu::binary_bfloat16_bits,
                                 "relu_gradient of operands of one shape"}}};

namespace cuda {
void unary_bfloat16_vectors(const BFloat16* x, BFloat16* y, const UnaryShape& s,
                            const Stream& stream);
void binary_bfloat16_naive(const BFloat16* a, const BFloat16* b, BFloat16* y, const BinaryShape& s,
                           const Stream& stream);
void binary_bfloat16_vectors(const BFloat16* a, const BFloat16* b, BFloat16* y,
                             const BinaryShape& s, const Stream& stream);

inline constexpr CudaLadder<UnaryFn<BFloat16>, 1> unary_bfloat16_ladder{
    {{{"vectors", "eight elements a load, computed in float32", always, unary_bfloat16_vectors}}}};
inline constexpr CudaLadder<BinaryFn<BFloat16>, 2> binary_bfloat16_ladder{
    {{{"naive", "", always, binary_bfloat16_naive},
      {"vectors", "eight elements a load, no divisions: operands of one shape, or one is a number",
       binary_vectors_applies, binary_bfloat16_vectors}}}};
}  // namespace cuda

}  // namespace keratin::kernels
