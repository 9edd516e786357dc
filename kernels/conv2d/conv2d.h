// Convolution of images (cross-correlation, as in every deep-learning library).
//
//   y[n, i, j, o] = activation(bias[o] + sum over p, q, c of
//                   x[n, i stride_h + p dilation_h - pad_top, j stride_w + q dilation_w - pad_left,
//                   g in_c / groups + c] w[p, q, c, o]),   g = o / (out_c / groups), the group of
//                   channel o
//
// x: [batch, in_h, in_w, in_c]; w: [kernel_h, kernel_w, in_c / groups, out_c]; y: [batch, out_h,
// out_w, out_c]; all contiguous and distinct. What lies outside x counts as 0, whether pad_top and
// pad_left or out_h and out_w reach there (a rung may multiply that 0 by the weight: where that is
// infinite the result may be NaN). batch may be 0, other sizes not; paddings may not be negative.
//
// With L the loss, dy = dL/dy (after the activation was undone):
//   input gradient   dx = dL/dx, each element the sum over the outputs that read it; every element
//   is written weight gradient  dw = dL/dw, the sum over the batch in pieces fixed by the shape
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/epilogue.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct Conv2dShape {
  std::int64_t batch = 0, in_h = 0, in_w = 0, in_c = 0;
  std::int64_t out_h = 0, out_w = 0, out_c = 0;
  std::int64_t kernel_h = 0, kernel_w = 0;
  std::int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t groups = 1;  // divides in_c and out_c

  constexpr std::int64_t group_in() const { return in_c / groups; }
  constexpr std::int64_t group_out() const { return out_c / groups; }
  /// How many products go into one output.
  constexpr std::int64_t depth() const { return kernel_h * kernel_w * group_in(); }
  constexpr std::int64_t in_size() const { return batch * in_h * in_w * in_c; }
  constexpr std::int64_t out_size() const { return batch * out_h * out_w * out_c; }
  constexpr std::int64_t weight_size() const { return depth() * out_c; }

  /// "[32, 28, 28, 1] 3x3 -> [32, 26, 26, 32]", then what is not 1 or 0 of stride, dilation,
  /// padding and groups.
  std::string text() const;
};

template <class T>
using Conv2dFn = void (*)(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s);
template <class T>
using Conv2dInputGradientFn = void (*)(const T* dy, const T* w, T* dx, const Conv2dShape& s);
template <class T>
using Conv2dWeightGradientFn = void (*)(const T* x, const T* dy, T* dw, const Conv2dShape& s);

/// All three passes: the multiply-adds of every tap, those on the padding included, as two FLOPs
/// each; x, w and y (or their gradients) once.
template <class T>
constexpr Cost conv2d_cost(const Conv2dShape& s) {
  const auto outputs = static_cast<double>(s.out_size());
  return {.flops = 2 * outputs * static_cast<double>(s.depth()),
          .bytes = sizeof(T) * (outputs + static_cast<double>(s.in_size()) +
                                static_cast<double>(s.weight_size()))};
}

namespace cpu {
template <class T>
void conv2d_reference(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s);
template <class T>
void conv2d_input_gradient_reference(const T* dy, const T* w, T* dx, const Conv2dShape& s);
template <class T>
void conv2d_weight_gradient_reference(const T* x, const T* dy, T* dw, const Conv2dShape& s);

void conv2d_im2col(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s);
void conv2d_input_gradient_im2col(const float* dy, const float* w, float* dx, const Conv2dShape& s);
void conv2d_weight_gradient_im2col(const float* x, const float* dy, float* dw,
                                   const Conv2dShape& s);

void conv2d_direct(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s);
void conv2d_input_gradient_direct(const float* dy, const float* w, float* dx, const Conv2dShape& s);
void conv2d_weight_gradient_direct(const float* x, const float* dy, float* dw,
                                   const Conv2dShape& s);

void conv2d_first_layer(const float* x, const float* w, float* y, const Epilogue<float>& e,
                        const Conv2dShape& s);
void conv2d_depthwise(const float* x, const float* w, float* y, const Epilogue<float>& e,
                      const Conv2dShape& s);
void conv2d_input_gradient_depthwise(const float* dy, const float* w, float* dx,
                                     const Conv2dShape& s);
void conv2d_weight_gradient_depthwise(const float* x, const float* dy, float* dw,
                                      const Conv2dShape& s);
void conv2d_depthwise_3x3(const float* x, const float* w, float* y, const Epilogue<float>& e,
                          const Conv2dShape& s);
void conv2d_input_gradient_depthwise_3x3(const float* dy, const float* w, float* dx,
                                         const Conv2dShape& s);
void conv2d_weight_gradient_depthwise_3x3(const float* x, const float* dy, float* dw,
                                          const Conv2dShape& s);
void conv2d_input_gradient_few_channels(const float* dy, const float* w, float* dx,
                                        const Conv2dShape& s);
/// Sums are exact to 1e-6 of the output's root mean square, rms error, where the direct sum reaches
/// some 4e-7; NaN, infinities and overflow spread over the tiles of 4 x 4 outputs that read them.
void conv2d_winograd(const float* x, const float* w, float* y, const Epilogue<float>& e,
                     const Conv2dShape& s);
void conv2d_input_gradient_winograd(const float* dy, const float* w, float* dx,
                                    const Conv2dShape& s);
void conv2d_weight_gradient_winograd(const float* x, const float* dy, float* dw,
                                     const Conv2dShape& s);
/// What the three ask for, in words.
inline constexpr const char* kWinogradTakes =
    "3 x 3, stride and dilation 1, one group, 32 channels or more on both sides and at most 2^19 "
    "pairs of them, enough pixels to be worth it";
bool conv2d_winograd_applies(const Conv2dShape& s);
bool conv2d_input_gradient_winograd_applies(const Conv2dShape& s);
bool conv2d_weight_gradient_winograd_applies(const Conv2dShape& s);
/// Up to 4 channels, one group.
bool conv2d_has_few_channels(const Conv2dShape& s);
/// conv2d_has_few_channels, and no dilation across.
bool conv2d_first_layer_applies(const Conv2dShape& s);
/// Each channel by itself: groups == in_c == out_c.
bool conv2d_is_depthwise(const Conv2dShape& s);
/// Those of 3 x 3 with stride and dilation 1, channels in whole vectors, images of 3 x 3 and more.
bool conv2d_depthwise_3x3_applies(const Conv2dShape& s);
void conv2d_product(const float* x, const float* w, float* y, const Epilogue<float>& e,
                    const Conv2dShape& s);
void conv2d_input_gradient_product(const float* dy, const float* w, float* dx,
                                   const Conv2dShape& s);
void conv2d_weight_gradient_product(const float* x, const float* dy, float* dw,
                                    const Conv2dShape& s);
inline constexpr const char* kProductGains = "a product of matrices as it stands: gemm's rungs";
inline constexpr const char* kProductTakes =
    "one group, no padding; a kernel as large as the image, or 1 x 1 with stride 1 and up to 16 "
    "channels on a side or up to 2^20 multiply-adds";
bool conv2d_product_applies(const Conv2dShape& s);
bool conv2d_weight_gradient_product_applies(const Conv2dShape& s);
inline constexpr const char* kDepthwise3x3Takes =
    "groups of one channel, as many out as in, whole vectors of them; 3 x 3, stride and dilation 1";
inline constexpr const char* kDepthwise3x3Gains =
    "a tile of 2 x 7 pixels shares what it reads; all weights stay in registers";
}  // namespace cpu

template <class T>
inline constexpr auto conv2d_ladder =
    Ladder{"conv2d", "conv2d", conv2d_cost<T>,
           std::array{Rung<Conv2dFn<T>>{"reference", "", always, cpu::conv2d_reference<T>}}};
template <>
inline constexpr auto conv2d_ladder<float> = Ladder{
    "conv2d", "conv2d", conv2d_cost<float>,
    std::array{
        Rung<Conv2dFn<float>>{"reference", "", always, cpu::conv2d_reference<float>},
        Rung<Conv2dFn<float>>{"im2col", "patches as rows of a matrix: the speed of gemm", always,
                              cpu::conv2d_im2col},
        Rung<Conv2dFn<float>>{"direct", "no patches: tiles run over the image as it lies", always,
                              cpu::conv2d_direct},
        Rung<Conv2dFn<float>>{"first_layer",
                              "up to 4 channels: short runs of products without lists or copies",
                              cpu::conv2d_first_layer_applies, cpu::conv2d_first_layer,
                              "1 to 4 input channels, one group, no dilation across"},
        Rung<Conv2dFn<float>>{"depthwise", "a vector of channels, which do not meet",
                              cpu::conv2d_is_depthwise, cpu::conv2d_depthwise,
                              "groups of one channel, as many out as in"},
        Rung<Conv2dFn<float>>{"depthwise_3x3", cpu::kDepthwise3x3Gains,
                              cpu::conv2d_depthwise_3x3_applies, cpu::conv2d_depthwise_3x3,
                              cpu::kDepthwise3x3Takes},
        Rung<Conv2dFn<float>>{
            "winograd", "16 outputs of a 3x3 kernel from 36 products instead of 144",
            cpu::conv2d_winograd_applies, cpu::conv2d_winograd, cpu::kWinogradTakes},
        Rung<Conv2dFn<float>>{"product", cpu::kProductGains, cpu::conv2d_product_applies,
                              cpu::conv2d_product, cpu::kProductTakes}}};

template <class T>
inline constexpr auto conv2d_input_gradient_ladder =
    Ladder{"conv2d", "conv2d_input_gradient", conv2d_cost<T>,
           std::array{Rung<Conv2dInputGradientFn<T>>{"reference", "", always,
                                                     cpu::conv2d_input_gradient_reference<T>}}};
template <>
inline constexpr auto conv2d_input_gradient_ladder<float> = Ladder{
    "conv2d", "conv2d_input_gradient", conv2d_cost<float>,
    std::array{
        Rung<Conv2dInputGradientFn<float>>{"reference", "", always,
                                           cpu::conv2d_input_gradient_reference<float>},
        Rung<Conv2dInputGradientFn<float>>{"im2col",
                                           "gradients of patches by gemm, added up in place",
                                           always, cpu::conv2d_input_gradient_im2col},
        Rung<Conv2dInputGradientFn<float>>{
            "direct", "no patches: a convolution of dy, one for each phase of the strides", always,
            cpu::conv2d_input_gradient_direct},
        Rung<Conv2dInputGradientFn<float>>{
            "few_channels", "up to 4 channels: vectors run along those of dy, no lane is empty",
            cpu::conv2d_has_few_channels, cpu::conv2d_input_gradient_few_channels,
            "1 to 4 input channels, one group"},
        Rung<Conv2dInputGradientFn<float>>{
            "depthwise", "a vector of channels, which do not meet", cpu::conv2d_is_depthwise,
            cpu::conv2d_input_gradient_depthwise, "groups of one channel, as many out as in"},
        Rung<Conv2dInputGradientFn<float>>{
            "depthwise_3x3", cpu::kDepthwise3x3Gains, cpu::conv2d_depthwise_3x3_applies,
            cpu::conv2d_input_gradient_depthwise_3x3, cpu::kDepthwise3x3Takes},
        Rung<Conv2dInputGradientFn<float>>{
            "winograd", "16 outputs of a 3x3 kernel from 36 products instead of 144",
            cpu::conv2d_input_gradient_winograd_applies, cpu::conv2d_input_gradient_winograd,
            cpu::kWinogradTakes},
        Rung<Conv2dInputGradientFn<float>>{
            "product", cpu::kProductGains,
            cpu::conv2d_product_applies, cpu::conv2d_input_gradient_product, cpu::kProductTakes}}};

template <class T>
inline constexpr auto conv2d_weight_gradient_ladder =
    Ladder{"conv2d", "conv2d_weight_gradient", conv2d_cost<T>,
           std::array{Rung<Conv2dWeightGradientFn<T>>{"reference", "", always,
                                                      cpu::conv2d_weight_gradient_reference<T>}}};
template <>
inline constexpr auto conv2d_weight_gradient_ladder<float> = Ladder{
    "conv2d", "conv2d_weight_gradient", conv2d_cost<float>,
    std::array{
        Rung<Conv2dWeightGradientFn<float>>{"reference", "", always,
                                            cpu::conv2d_weight_gradient_reference<float>},
        Rung<Conv2dWeightGradientFn<float>>{"im2col",
                                            "patches as columns of a matrix: the speed of gemm",
                                            always, cpu::conv2d_weight_gradient_im2col},
        Rung<Conv2dWeightGradientFn<float>>{
            "direct", "no patches: tiles of weights, sums over pixels as they lie", always,
            cpu::conv2d_weight_gradient_direct},
        Rung<Conv2dWeightGradientFn<float>>{
            "depthwise", "a vector of channels, which do not meet", cpu::conv2d_is_depthwise,
            cpu::conv2d_weight_gradient_depthwise, "groups of one channel, as many out as in"},
        Rung<Conv2dWeightGradientFn<float>>{
            "depthwise_3x3", cpu::kDepthwise3x3Gains, cpu::conv2d_depthwise_3x3_applies,
            cpu::conv2d_weight_gradient_depthwise_3x3, cpu::kDepthwise3x3Takes},
        Rung<Conv2dWeightGradientFn<float>>{
            "winograd", "4x4 outputs of a 3x3 kernel by 36 products instead of 144",
            cpu::conv2d_weight_gradient_winograd_applies, cpu::conv2d_weight_gradient_winograd,
            cpu::kWinogradTakes},
        Rung<Conv2dWeightGradientFn<float>>{
            "product", cpu::kProductGains, cpu::conv2d_weight_gradient_product_applies,
            cpu::conv2d_weight_gradient_product,
            "one group, no padding; a kernel as large as the image or 1 x 1 with stride 1; up to "
            "14 output channels or up to 2^20 multiply-adds"}}};

namespace cuda {
template <class T>
void conv2d_naive(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                  const Stream& stream);
template <class T>
void conv2d_input_gradient_naive(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                 const Stream& stream);
template <class T>
void conv2d_weight_gradient_naive(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                  const Stream& stream);
/// I: what indices are computed in, std::int64_t or std::int32_t.
template <class T, class I>
void conv2d_implicit(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                     const Stream& stream);
template <class T, class I>
void conv2d_input_gradient_implicit(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                    const Stream& stream);
template <class T, class I>
void conv2d_weight_gradient_implicit(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                     const Stream& stream);
/// One group, or groups of 16 output channels and more.
bool conv2d_implicit_applies(const Conv2dShape& s);
/// May x, y, w and positions be counted in 32 bits?
bool conv2d_narrow_fits(const Conv2dShape& s);
/// Both.
bool conv2d_narrow_applies(const Conv2dShape& s);
template <class T>
void conv2d_input_gradient_phases(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                  const Stream& stream);
/// conv2d_narrow_applies, and a stride.
bool conv2d_phases_applies(const Conv2dShape& s);
template <class T>
void conv2d_groups(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                   const Stream& stream);
template <class T>
void conv2d_input_gradient_groups(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                  const Stream& stream);
template <class T>
void conv2d_weight_gradient_groups(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                   const Stream& stream);
/// Several groups of fewer than 16 output channels (of the input gradient: channels on either
/// side), conv2d_narrow_fits.
bool conv2d_groups_applies(const Conv2dShape& s);
bool conv2d_input_gradient_groups_applies(const Conv2dShape& s);
bool conv2d_weight_gradient_groups_applies(const Conv2dShape& s);

/// As gemm_tf32 and gemm_tf32x3 (kernels/gemm/gemm.h).
void conv2d_tf32(const float* x, const float* w, float* y, const Epilogue<float>& e,
                 const Conv2dShape& s, const Stream& stream);
void conv2d_tf32x3(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s, const Stream& stream);
void conv2d_input_gradient_tf32(const float* dy, const float* w, float* dx, const Conv2dShape& s,
                                const Stream& stream);
void conv2d_input_gradient_tf32x3(const float* dy, const float* w, float* dx, const Conv2dShape& s,
                                  const Stream& stream);
void conv2d_weight_gradient_tf32(const float* x, const float* dy, float* dw, const Conv2dShape& s,
                                 const Stream& stream);
void conv2d_weight_gradient_tf32x3(const float* x, const float* dy, float* dw, const Conv2dShape& s,
                                   const Stream& stream);
/// conv2d_implicit_applies, and fewer than 2^31 pixels and taps.
bool conv2d_mma_applies(const Conv2dShape& s);
inline constexpr const char* kImplicitGains =
    "a matrix product over gathered operands: tiles in shared memory, 4 x 4 sums a thread";
inline constexpr const char* kNarrowGains = "32-bit indices, divisions by multiplication";
inline constexpr const char* kPhasesGains =
    "pixels by their remainder of the stride: only the taps that reach them";
inline constexpr const char* kGroupsGains =
    "narrow groups, depthwise: 4 pixels x 4 channels in registers, a window that slides along";
inline constexpr const char* kWeightGroupsGains =
    "narrow groups, depthwise: 3 x 3 sums a thread along rows of dy; pieces joined in order";
inline constexpr const char* kTf32x3Gains =
    "tensor cores: operands in two parts, three products of TF32 instead of one";
inline constexpr const char* kTf32Gains = "tensor cores: operands rounded to TF32";

template <class T>
inline constexpr auto conv2d_ladder = CudaLadder<Conv2dFn<T>, 4>{
    {{{"naive", "", always, conv2d_naive<T>},
      {"implicit", kImplicitGains, conv2d_implicit_applies, conv2d_implicit<T, std::int64_t>},
      {"narrow", kNarrowGains, conv2d_narrow_applies, conv2d_implicit<T, std::int32_t>},
      {"groups", kGroupsGains, conv2d_groups_applies, conv2d_groups<T>}}}};
template <>
inline constexpr auto conv2d_ladder<float> = CudaLadder<Conv2dFn<float>, 6>{
    {{{"naive", "", always, conv2d_naive<float>},
      {"implicit", kImplicitGains, conv2d_implicit_applies, conv2d_implicit<float, std::int64_t>},
      {"narrow", kNarrowGains, conv2d_narrow_applies, conv2d_implicit<float, std::int32_t>},
      {"groups", kGroupsGains, conv2d_groups_applies, conv2d_groups<float>},
      {"tf32x3", kTf32x3Gains, conv2d_mma_applies, conv2d_tf32x3, Taken::by_hand},
      {"tf32", kTf32Gains, conv2d_mma_applies, conv2d_tf32, Taken::with_tf32}}}};
template <class T>
inline constexpr auto conv2d_input_gradient_ladder = CudaLadder<Conv2dInputGradientFn<T>, 5>{
    {{{"naive", "", always, conv2d_input_gradient_naive<T>},
      {"implicit", kImplicitGains, conv2d_implicit_applies,
       conv2d_input_gradient_implicit<T, std::int64_t>},
      {"narrow", kNarrowGains, conv2d_narrow_applies,
       conv2d_input_gradient_implicit<T, std::int32_t>},
      {"phases", kPhasesGains, conv2d_phases_applies, conv2d_input_gradient_phases<T>},
      {"groups", kGroupsGains, conv2d_input_gradient_groups_applies,
       conv2d_input_gradient_groups<T>}}}};
template <>
inline constexpr auto conv2d_input_gradient_ladder<float> =
    CudaLadder<Conv2dInputGradientFn<float>, 7>{
        {{{"naive", "", always, conv2d_input_gradient_naive<float>},
          {"implicit", kImplicitGains, conv2d_implicit_applies,
           conv2d_input_gradient_implicit<float, std::int64_t>},
          {"narrow", kNarrowGains, conv2d_narrow_applies,
           conv2d_input_gradient_implicit<float, std::int32_t>},
          {"phases", kPhasesGains, conv2d_phases_applies, conv2d_input_gradient_phases<float>},
          {"groups", kGroupsGains, conv2d_input_gradient_groups_applies,
           conv2d_input_gradient_groups<float>},
          {"tf32x3", kTf32x3Gains, conv2d_mma_applies, conv2d_input_gradient_tf32x3,
           Taken::by_hand},
          {"tf32", kTf32Gains, conv2d_mma_applies, conv2d_input_gradient_tf32, Taken::with_tf32}}}};
template <class T>
inline constexpr auto conv2d_weight_gradient_ladder = CudaLadder<Conv2dWeightGradientFn<T>, 4>{
    {{{"naive", "", always, conv2d_weight_gradient_naive<T>},
      {"implicit", "the same; pieces of the pixels on blocks of their own, joined in order",
       conv2d_implicit_applies, conv2d_weight_gradient_implicit<T, std::int64_t>},
      {"narrow", kNarrowGains, conv2d_narrow_applies,
       conv2d_weight_gradient_implicit<T, std::int32_t>},
      {"groups", kWeightGroupsGains, conv2d_weight_gradient_groups_applies,
       conv2d_weight_gradient_groups<T>}}}};
template <>
inline constexpr auto conv2d_weight_gradient_ladder<float> =
    CudaLadder<Conv2dWeightGradientFn<float>, 6>{
        {{{"naive", "", always, conv2d_weight_gradient_naive<float>},
          {"implicit", "the same; pieces of the pixels on blocks of their own, joined in order",
           conv2d_implicit_applies, conv2d_weight_gradient_implicit<float, std::int64_t>},
          {"narrow", kNarrowGains, conv2d_narrow_applies,
           conv2d_weight_gradient_implicit<float, std::int32_t>},
          {"groups", kWeightGroupsGains, conv2d_weight_gradient_groups_applies,
           conv2d_weight_gradient_groups<float>},
          {"tf32x3", kTf32x3Gains, conv2d_mma_applies, conv2d_weight_gradient_tf32x3,
           Taken::by_hand},
          {"tf32", kTf32Gains, conv2d_mma_applies, conv2d_weight_gradient_tf32,
           Taken::with_tf32}}}};
}  // namespace cuda

}  // namespace keratin::kernels
