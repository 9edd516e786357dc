// Reductions of bfloat16 (reduce.h): in float32, the result rounded once, to nearest, ties to even,
// or not at all.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/reduce/reduce.h"

namespace keratin::kernels {

namespace cpu {
/// Y: BFloat16, or float.
template <class Y>
void reduce_bfloat16_reference(const BFloat16* x, Y* y, const ReduceShape& s);
template <class Y>
void reduce_bfloat16_widened(const BFloat16* x, Y* y, const ReduceShape& s);
inline constexpr const char* kWidenedReduction =
    "blocks that stay in the cache go through float32's kernel";
}  // namespace cpu

template <>
inline constexpr auto reduce_ladder<BFloat16> =
    Ladder{"reduce", "reduce_bfloat16", reduce_cost<BFloat16>,
           std::array{Rung<ReduceFn<BFloat16>>{"reference", "", always,
                                               cpu::reduce_bfloat16_reference<BFloat16>},
                      Rung<ReduceFn<BFloat16>>{"widened", cpu::kWidenedReduction, always,
                                               cpu::reduce_bfloat16_widened<BFloat16>}}};

/// The result in float32.
using WideReduceFn = void (*)(const BFloat16* x, float* y, const ReduceShape& s);
constexpr Cost wide_reduce_cost(const ReduceShape& s) {
  const double out = static_cast<double>(s.outer) * static_cast<double>(s.inner);
  Cost cost = reduce_cost<BFloat16>(s);
  cost.bytes += (sizeof(float) - sizeof(BFloat16)) * out;
  return cost;
}
inline constexpr auto wide_reduce_ladder = Ladder{
    "reduce", "reduce_bfloat16_to_float32", wide_reduce_cost,
    std::array{Rung<WideReduceFn>{"reference", "", always, cpu::reduce_bfloat16_reference<float>},
               Rung<WideReduceFn>{"widened", cpu::kWidenedReduction, always,
                                  cpu::reduce_bfloat16_widened<float>}}};

namespace cuda {
inline constexpr const auto& reduce_bfloat16_ladder = reduce_between<BFloat16, BFloat16>;
inline constexpr const auto& wide_reduce_ladder = reduce_between<BFloat16, float>;
}  // namespace cuda

}  // namespace keratin::kernels
