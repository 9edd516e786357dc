// Softmax of bfloat16 (softmax.h): in float32, each result rounded once, to nearest, ties to even.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels {

namespace cpu {
void softmax_bfloat16_reference(const BFloat16* x, BFloat16* y, const SoftmaxShape& s);
void softmax_bfloat16_widened(const BFloat16* x, BFloat16* y, const SoftmaxShape& s);
void log_softmax_bfloat16_reference(const BFloat16* x, BFloat16* y, const SoftmaxShape& s);
void log_softmax_bfloat16_widened(const BFloat16* x, BFloat16* y, const SoftmaxShape& s);
void softmax_gradient_bfloat16_reference(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                         const SoftmaxShape& s);
void softmax_gradient_bfloat16_widened(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                       const SoftmaxShape& s);
void log_softmax_gradient_bfloat16_reference(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                             const SoftmaxShape& s);
void log_softmax_gradient_bfloat16_widened(const BFloat16* y, const BFloat16* dy, BFloat16* dx,
                                           const SoftmaxShape& s);
inline constexpr const char* kWidenedRows =
    "rows that stay in the L1 cache go through the kernels of float32";
}  // namespace cpu

template <>
inline constexpr auto softmax_ladder<BFloat16> = Ladder{
    "softmax", "softmax_bfloat16", softmax_cost<BFloat16>,
    std::array{Rung<SoftmaxFn<BFloat16>>{"reference", "", always, cpu::softmax_bfloat16_reference},
               Rung<SoftmaxFn<BFloat16>>{"widened", cpu::kWidenedRows, always,
                                         cpu::softmax_bfloat16_widened}}};
template <>
inline constexpr auto log_softmax_ladder<BFloat16> =
    Ladder{"softmax", "log_softmax_bfloat16", softmax_cost<BFloat16>,
           std::array{Rung<SoftmaxFn<BFloat16>>{"reference", "", always,
                                                cpu::log_softmax_bfloat16_reference},
                      Rung<SoftmaxFn<BFloat16>>{"widened", cpu::kWidenedRows, always,
                                                cpu::log_softmax_bfloat16_widened}}};
template <>
inline constexpr auto softmax_gradient_ladder<BFloat16> =
    Ladder{"softmax", "softmax_gradient_bfloat16", softmax_gradient_cost<BFloat16>,
           std::array{Rung<SoftmaxGradientFn<BFloat16>>{"reference", "", always,
                                                        cpu::softmax_gradient_bfloat16_reference},
                      Rung<SoftmaxGradientFn<BFloat16>>{"widened", cpu::kWidenedRows, always,
                                                        cpu::softmax_gradient_bfloat16_widened}}};
template <>
inline constexpr auto log_softmax_gradient_ladder<BFloat16> = Ladder{
    "softmax", "log_softmax_gradient_bfloat16", softmax_gradient_cost<BFloat16>,
    std::array{Rung<SoftmaxGradientFn<BFloat16>>{"reference", "", always,
                                                 cpu::log_softmax_gradient_bfloat16_reference},
               Rung<SoftmaxGradientFn<BFloat16>>{"widened", cpu::kWidenedRows, always,
                                                 cpu::log_softmax_gradient_bfloat16_widened}}};

namespace cuda {
template <>
inline constexpr auto softmax_ladder<BFloat16> = CudaLadder<SoftmaxFn<BFloat16>, 4>{
    {{{"naive", "", always, softmax_rows<1, BFloat16>},
      {"warp", kSoftmaxWarpGains, always, softmax_rows<32, BFloat16>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, softmax_rows<256, BFloat16>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, softmax_held<BFloat16>}}}};
template <>
inline constexpr auto log_softmax_ladder<BFloat16> = CudaLadder<SoftmaxFn<BFloat16>, 4>{
    {{{"naive", "", always, log_softmax_rows<1, BFloat16>},
      {"warp", kSoftmaxWarpGains, always, log_softmax_rows<32, BFloat16>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, log_softmax_rows<256, BFloat16>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, log_softmax_held<BFloat16>}}}};
template <>
inline constexpr auto softmax_gradient_ladder<BFloat16> =
    CudaLadder<SoftmaxGradientFn<BFloat16>, 4>{
        {{{"naive", "", always, softmax_gradient_rows<1, BFloat16>},
          {"warp", kSoftmaxWarpGains, always, softmax_gradient_rows<32, BFloat16>},
          {"block", kSoftmaxBlockGains, softmax_block_applies,
           softmax_gradient_rows<256, BFloat16>},
          {"held", kSoftmaxHeldGains, softmax_held_applies, softmax_gradient_held<BFloat16>}}}};
template <>
inline constexpr auto log_softmax_gradient_ladder<BFloat16> =
    CudaLadder<SoftmaxGradientFn<BFloat16>, 4>{
        {{{"naive", "", always, log_softmax_gradient_rows<1, BFloat16>},
          {"warp", kSoftmaxWarpGains, always, log_softmax_gradient_rows<32, BFloat16>},
          {"block", kSoftmaxBlockGains, softmax_block_applies,
           log_softmax_gradient_rows<256, BFloat16>},
          {"held", kSoftmaxHeldGains, softmax_held_applies, log_softmax_gradient_held<BFloat16>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
