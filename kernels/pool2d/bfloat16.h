// Pooling of bfloat16 images (pool2d.h): in float32, each result rounded once, to nearest, ties to
// even.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/pool2d/pool2d.h"

namespace keratin::kernels {

namespace cpu {
void max_pool2d_bfloat16_reference(const BFloat16* x, BFloat16* y, void* winners,
                                   const Pool2dShape& s);
void max_pool2d_bfloat16_widened(const BFloat16* x, BFloat16* y, void* winners,
                                 const Pool2dShape& s);
void max_pool2d_gradient_bfloat16_reference(const void* winners, const BFloat16* dy, BFloat16* dx,
                                            const Pool2dShape& s);
void max_pool2d_gradient_bfloat16_widened(const void* winners, const BFloat16* dy, BFloat16* dx,
                                          const Pool2dShape& s);
void average_pool2d_bfloat16_reference(const BFloat16* x, BFloat16* y, const Pool2dShape& s);
void average_pool2d_bfloat16_widened(const BFloat16* x, BFloat16* y, const Pool2dShape& s);
void average_pool2d_gradient_bfloat16_reference(const BFloat16* dy, BFloat16* dx,
                                                const Pool2dShape& s);
void average_pool2d_gradient_bfloat16_widened(const BFloat16* dy, BFloat16* dx,
                                              const Pool2dShape& s);
inline constexpr const char* kWidenedPool =
    "bands of an image that stay in the L1 cache go through float32's kernel";
}  // namespace cpu

template <>
inline constexpr auto max_pool2d_ladder<BFloat16> =
    Ladder{"pool2d", "max_pool2d_bfloat16", max_pool2d_cost<BFloat16>,
           std::array{Rung<MaxPool2dFn<BFloat16>>{"reference", "", always,
                                                  cpu::max_pool2d_bfloat16_reference},
                      Rung<MaxPool2dFn<BFloat16>>{"widened", cpu::kWidenedPool, always,
                                                  cpu::max_pool2d_bfloat16_widened}}};
template <>
inline constexpr auto max_pool2d_gradient_ladder<BFloat16> = Ladder{
    "pool2d", "max_pool2d_gradient_bfloat16", max_pool2d_cost<BFloat16>,
    std::array{Rung<MaxPool2dGradientFn<BFloat16>>{"reference", "", always,
                                                   cpu::max_pool2d_gradient_bfloat16_reference},
               Rung<MaxPool2dGradientFn<BFloat16>>{"widened", cpu::kWidenedPool, always,
                                                   cpu::max_pool2d_gradient_bfloat16_widened}}};
template <>
inline constexpr auto average_pool2d_ladder<BFloat16> =
    Ladder{"pool2d", "average_pool2d_bfloat16", average_pool2d_cost<BFloat16>,
           std::array{Rung<AveragePool2dFn<BFloat16>>{"reference", "", always,
                                                      cpu::average_pool2d_bfloat16_reference},
                      Rung<AveragePool2dFn<BFloat16>>{"widened", cpu::kWidenedPool, always,
                                                      cpu::average_pool2d_bfloat16_widened}}};
template <>
inline constexpr auto average_pool2d_gradient_ladder<BFloat16> =
    Ladder{"pool2d", "average_pool2d_gradient_bfloat16", average_pool2d_cost<BFloat16>,
           std::array{Rung<AveragePool2dGradientFn<BFloat16>>{
                          "reference", "", always, cpu::average_pool2d_gradient_bfloat16_reference},
                      Rung<AveragePool2dGradientFn<BFloat16>>{
                          "widened", cpu::kWidenedPool, always,
                          cpu::average_pool2d_gradient_bfloat16_widened}}};

}  // namespace keratin::kernels
