// Convolution of bfloat16 images by bfloat16 weights (conv2d.h): products and sums of float32 (the
// reference's of double), bias added in float32, each result rounded once, to nearest, ties to
// even. What kernels/gemm/bfloat16.h says of numbers under 2^-126 is true of `implicit` too.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/conv2d/conv2d.h"

namespace keratin::kernels {

namespace cpu {
void conv2d_bfloat16_reference(const BFloat16* x, const BFloat16* w, BFloat16* y,
                               const Epilogue<BFloat16>& e, const Conv2dShape& s);
void conv2d_bfloat16_widened(const BFloat16* x, const BFloat16* w, BFloat16* y,
                             const Epilogue<BFloat16>& e, const Conv2dShape& s);
void conv2d_bfloat16_implicit(const BFloat16* x, const BFloat16* w, BFloat16* y,
                              const Epilogue<BFloat16>& e, const Conv2dShape& s);

void conv2d_input_gradient_bfloat16_reference(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                              const Conv2dShape& s);
void conv2d_input_gradient_bfloat16_widened(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                            const Conv2dShape& s);
void conv2d_input_gradient_bfloat16_implicit(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                             const Conv2dShape& s);

void conv2d_weight_gradient_bfloat16_reference(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                               const Conv2dShape& s);
void conv2d_weight_gradient_bfloat16_widened(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                             const Conv2dShape& s);
void conv2d_weight_gradient_bfloat16_implicit(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                              const Conv2dShape& s);

/// Not groups of a few channels, and a processor that multiplies bfloat16.
bool conv2d_implicit_bfloat16_applies(const Conv2dShape& s);
/// Nor 4 input channels or fewer, of which a panel would hold little.
bool conv2d_input_gradient_implicit_bfloat16_applies(const Conv2dShape& s);
inline constexpr const char* kImplicitTakes =
    "a processor with AMX or a fast AVX-512 BF16; one group, or groups of 16 channels and more; an "
    "input gradient: 5 channels or more";
inline constexpr const char* kWidenedConv2d = "some images at a time go through float32's kernel";
inline constexpr const char* kImplicitGains =
    "products of bfloat16; blocks of patches are gathered as they are multiplied";
}  // namespace cpu

template <>
inline constexpr auto conv2d_ladder<BFloat16> = Ladder{
    "conv2d", "conv2d_bfloat16", conv2d_cost<BFloat16>,
    std::array{Rung<Conv2dFn<BFloat16>>{"reference", "", always, cpu::conv2d_bfloat16_reference},
               Rung<Conv2dFn<BFloat16>>{"widened", cpu::kWidenedConv2d, always,
                                        cpu::conv2d_bfloat16_widened},
               Rung<Conv2dFn<BFloat16>>{
                   "implicit", cpu::kImplicitGains, cpu::conv2d_implicit_bfloat16_applies,
                   cpu::conv2d_bfloat16_implicit, cpu::kImplicitTakes, false}}};
template <>
inline constexpr auto conv2d_input_gradient_ladder<BFloat16> = Ladder{
    "conv2d", "conv2d_input_gradient_bfloat16", conv2d_cost<BFloat16>,
    std::array{
        Rung<Conv2dInputGradientFn<BFloat16>>{"reference", "", always,
                                              cpu::conv2d_input_gradient_bfloat16_reference},
        Rung<Conv2dInputGradientFn<BFloat16>>{"widened", cpu::kWidenedConv2d, always,
                                              cpu::conv2d_input_gradient_bfloat16_widened},
        Rung<Conv2dInputGradientFn<BFloat16>>{
            "implicit", cpu::kImplicitGains, cpu::conv2d_input_gradient_implicit_bfloat16_applies,
            cpu::conv2d_input_gradient_bfloat16_implicit, cpu::kImplicitTakes, false}}};
template <>
inline constexpr auto conv2d_weight_gradient_ladder<BFloat16> = Ladder{
    "conv2d", "conv2d_weight_gradient_bfloat16", conv2d_cost<BFloat16>,
    std::array{Rung<Conv2dWeightGradientFn<BFloat16>>{
                   "reference", "", always, cpu::conv2d_weight_gradient_bfloat16_reference},
               Rung<Conv2dWeightGradientFn<BFloat16>>{"widened", cpu::kWidenedConv2d, always,
                                                      cpu::conv2d_weight_gradient_bfloat16_widened},
               Rung<Conv2dWeightGradientFn<BFloat16>>{
                   "implicit", cpu::kImplicitGains, cpu::conv2d_implicit_bfloat16_applies,
                   cpu::conv2d_weight_gradient_bfloat16_implicit, cpu::kImplicitTakes, false}}};

namespace cuda {
void conv2d_bfloat16_naive(const BFloat16* x, const BFloat16* w, BFloat16* y,
                           const Epilogue<BFloat16>& e, const Conv2dShape& s, const Stream& stream);
void conv2d_bfloat16_mma(const BFloat16* x, const BFloat16* w, BFloat16* y,
                         const Epilogue<BFloat16>& e, const Conv2dShape& s, const Stream& stream);
void conv2d_input_gradient_bfloat16_naive(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                          const Conv2dShape& s, const Stream& stream);
void conv2d_input_gradient_bfloat16_mma(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                        const Conv2dShape& s, const Stream& stream);
void conv2d_weight_gradient_bfloat16_naive(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                           const Conv2dShape& s, const Stream& stream);
void conv2d_weight_gradient_bfloat16_mma(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                         const Conv2dShape& s, const Stream& stream);
/// Fewer than 2^31 pixels and taps.
bool conv2d_bfloat16_applies(const Conv2dShape& s);
inline constexpr const char* kMmaGains =
    "tensor cores: mma.sync; operands are gathered on the way into shared memory by cp.async";

inline constexpr CudaLadder<Conv2dFn<BFloat16>, 2> conv2d_bfloat16_ladder{
    {{{"naive", "", conv2d_bfloat16_applies, conv2d_bfloat16_naive},
      {"mma", kMmaGains, conv2d_mma_applies, conv2d_bfloat16_mma}}}};
inline constexpr CudaLadder<Conv2dInputGradientFn<BFloat16>, 2>
    conv2d_input_gradient_bfloat16_ladder{
        {{{"naive", "", conv2d_bfloat16_applies, conv2d_input_gradient_bfloat16_naive},
          {"mma", kMmaGains, conv2d_mma_applies, conv2d_input_gradient_bfloat16_mma}}}};
inline constexpr CudaLadder<Conv2dWeightGradientFn<BFloat16>, 2>
    conv2d_weight_gradient_bfloat16_ladder{
        {{{"naive", "", conv2d_bfloat16_applies, conv2d_weight_gradient_bfloat16_naive},
          {"mma", kMmaGains, conv2d_mma_applies, conv2d_weight_gradient_bfloat16_mma}}}};
}  // namespace cuda

}  // namespace keratin::kernels
