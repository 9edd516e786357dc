// Reductions of bfloat16 (reduce.h): in float32, the result rounded once, to nearest, ties to even.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/reduce/reduce.h"

namespace keratin::kernels {

namespace cpu {
void reduce_bfloat16_reference(const BFloat16* x, BFloat16* y, const ReduceShape& s);
void reduce_bfloat16_widened(const BFloat16* x, BFloat16* y, const ReduceShape& s);
}  // namespace cpu

template <>
inline constexpr auto reduce_ladder<BFloat16> = Ladder{
    "reduce", "reduce_bfloat16", reduce_cost<BFloat16>,
    std::array{Rung<ReduceFn<BFloat16>>{"reference", "", always, cpu::reduce_bfloat16_reference},
               Rung<ReduceFn<BFloat16>>{"widened",
                                        "blocks that stay in the cache go through float32's kernel",
                                        always, cpu::reduce_bfloat16_widened}}};

}  // namespace keratin::kernels
