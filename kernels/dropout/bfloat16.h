// Dropout of bfloat16 (dropout.h): the mask of float32, each product rounded once, to nearest, ties
// to even.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/dropout/dropout.h"

namespace keratin::kernels {

namespace cpu {
void dropout_bfloat16_reference(const BFloat16* x, BFloat16* y, const DropoutShape& s);
void dropout_bfloat16_simd(const BFloat16* x, BFloat16* y, const DropoutShape& s);
}  // namespace cpu

template <>
inline constexpr auto dropout_ladder<BFloat16> = Ladder{
    "dropout", "dropout_bfloat16", dropout_cost<BFloat16>,
    std::array{Rung<DropoutFn<BFloat16>>{"reference", "", always, cpu::dropout_bfloat16_reference},
               Rung<DropoutFn<BFloat16>>{
                   "simd", "a draw in each lane, no branch on the mask, widened in registers",
                   always, cpu::dropout_bfloat16_simd}}};

}  // namespace keratin::kernels
