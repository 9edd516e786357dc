// Layer normalization of bfloat16 (layer_normalization.h): x, y, dy and dx are bfloat16, the
// numbers of rows and columns float32. Computed in float32; y and dx are rounded once, to nearest,
// ties to even. On the CPU layer_normalization (autograd/ops) goes by way of float32's kernels.
#pragma once

#include "kernels/layer_normalization/layer_normalization.h"

namespace keratin::kernels {

template <>
inline constexpr auto layer_norm_ladder<BFloat16> =
    Ladder{"layer_normalization", "layer_norm_bfloat16", layer_norm_cost<BFloat16>,
           std::array{Rung<LayerNormFn<BFloat16>>{"reference", "", always,
                                                  cpu::layer_norm_reference<BFloat16>}}};
template <>
inline constexpr auto layer_norm_gradient_ladder<BFloat16> = Ladder{
    "layer_normalization", "layer_norm_gradient_bfloat16", layer_norm_gradient_cost<BFloat16>,
    std::array{Rung<LayerNormGradientFn<BFloat16>>{"reference", "", always,
                                                   cpu::layer_norm_gradient_reference<BFloat16>}}};

}  // namespace keratin::kernels
