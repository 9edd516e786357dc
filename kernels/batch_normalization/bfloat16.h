// Batch normalization of bfloat16 (batch_normalization.h): x, y, dy and dx are bfloat16, the numbers
// of a channel float32. Computed in float32; y and dx are rounded once, to nearest, ties to even. On
// the CPU batch_normalization (autograd/ops) goes by way of float32's kernels instead.
#pragma once

#include "kernels/batch_normalization/batch_normalization.h"

namespace keratin::kernels {

template <>
inline constexpr auto batch_moments_ladder<BFloat16> =
    Ladder{"batch_normalization", "batch_moments_bfloat16", batch_moments_cost<BFloat16>,
           std::array{Rung<BatchMomentsFn<BFloat16>>{"reference", "", always,
                                                     cpu::batch_moments_reference<BFloat16>}}};
template <>
inline constexpr auto batch_norm_ladder<BFloat16> =
    Ladder{"batch_normalization", "batch_norm_bfloat16", batch_norm_cost<BFloat16>,
           std::array{Rung<BatchNormFn<BFloat16>>{"reference", "", always,
                                                  cpu::batch_norm_reference<BFloat16>}}};
template <>
inline constexpr auto batch_norm_gradient_ladder<BFloat16> = Ladder{
    "batch_normalization", "batch_norm_gradient_bfloat16", batch_norm_gradient_cost<BFloat16>,
    std::array{Rung<BatchNormGradientFn<BFloat16>>{"reference", "", always,
                                                   cpu::batch_norm_gradient_reference<BFloat16>}}};

}  // namespace keratin::kernels
