// Softmax and its logarithm along rows, and their gradients. Contiguous, row-major; y may be x,
// dx may be dy or y. A NaN in a row makes it NaN; so does a row of -inf only. Probabilities below
// 2^-126 may be 0.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct SoftmaxShape {
  std::int64_t rows, cols;  // cols >= 1
  std::string text() const;
};

/// y = exp(x - max x) / sum exp(x - max x), or log of it.
template <class T>
using SoftmaxFn = void (*)(const T* x, T* y, const SoftmaxShape& s);
template <class T>
constexpr Cost softmax_cost(const SoftmaxShape& s) {  // exp counted as one FLOP
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.cols);
  return {.flops = 5 * n, .bytes = 2 * sizeof(T) * n};
}

/// softmax:     dx = y (dy - sum(y dy))
/// log_softmax: dx = dy - exp(y) sum(dy)
template <class T>
using SoftmaxGradientFn = void (*)(const T* y, const T* dy, T* dx, const SoftmaxShape& s);
template <class T>
constexpr Cost softmax_gradient_cost(const SoftmaxShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.cols);
  return {.flops = 4 * n, .bytes = 3 * sizeof(T) * n};
}

namespace cpu {
template <class T>
void softmax_reference(const T* x, T* y, const SoftmaxShape& s);
template <class T>
void log_softmax_reference(const T* x, T* y, const SoftmaxShape& s);
template <class T>
void softmax_gradient_reference(const T* y, const T* dy, T* dx, const SoftmaxShape& s);
template <class T>
void log_softmax_gradient_reference(const T* y, const T* dy, T* dx, const SoftmaxShape& s);
void softmax_simd(const float* x, float* y, const SoftmaxShape& s);
void log_softmax_simd(const float* x, float* y, const SoftmaxShape& s);
void softmax_gradient_simd(const float* y, const float* dy, float* dx, const SoftmaxShape& s);
void log_softmax_gradient_simd(const float* y, const float* dy, float* dx, const SoftmaxShape& s);
void softmax_exp2(const float* x, float* y, const SoftmaxShape& s);
void log_softmax_exp2(const float* x, float* y, const SoftmaxShape& s);
void softmax_gradient_streamed(const float* y, const float* dy, float* dx, const SoftmaxShape& s);
void log_softmax_gradient_exp2(const float* y, const float* dy, float* dx, const SoftmaxShape& s);
void softmax_side_by_side(const float* x, float* y, const SoftmaxShape& s);
void log_softmax_side_by_side(const float* x, float* y, const SoftmaxShape& s);
void softmax_gradient_side_by_side(const float* y, const float* dy, float* dx,
                                   const SoftmaxShape& s);
void log_softmax_gradient_side_by_side(const float* y, const float* dy, float* dx,
                                       const SoftmaxShape& s);
/// What it asks for, in words.
inline constexpr const char* kSideBySideTakes =
    "2 rows or more, columns up to softmax.side_by_side_columns (`make tune`; built in: 31)";
/// Several rows of at most 32 columns, or what `crossovers()` says.
bool softmax_side_by_side_applies(const SoftmaxShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto softmax_ladder =
    Ladder{"softmax", "softmax", softmax_cost<T>,
           std::array{Rung<SoftmaxFn<T>>{"reference", "", always, cpu::softmax_reference<T>}}};
template <>
inline constexpr auto softmax_ladder<float> = Ladder{
    "softmax", "softmax", softmax_cost<float>,
    std::array{
        Rung<SoftmaxFn<float>>{"reference", "", always, cpu::softmax_reference<float>},
        Rung<SoftmaxFn<float>>{"simd",
                               "exp on all lanes; last partial vector masked, no scalar tail",
                               always, cpu::softmax_simd},
        Rung<SoftmaxFn<float>>{"exp2",
                               "exp as a power of two; beyond the caches rows are streamed out",
                               always, cpu::softmax_exp2},
        Rung<SoftmaxFn<float>>{
            "side_by_side", "a short row a lane: no empty lanes, no sums across them",
            cpu::softmax_side_by_side_applies, cpu::softmax_side_by_side, cpu::kSideBySideTakes}}};
template <class T>
inline constexpr auto log_softmax_ladder =
    Ladder{"softmax", "log_softmax", softmax_cost<T>,
           std::array{Rung<SoftmaxFn<T>>{"reference", "", always, cpu::log_softmax_reference<T>}}};
template <>
inline constexpr auto log_softmax_ladder<float> = Ladder{
    "softmax", "log_softmax", softmax_cost<float>,
    std::array{Rung<SoftmaxFn<float>>{"reference", "", always, cpu::log_softmax_reference<float>},
               Rung<SoftmaxFn<float>>{
                   "simd", "exp on all lanes; last partial vector masked, no scalar tail", always,
                   cpu::log_softmax_simd},
               Rung<SoftmaxFn<float>>{
                   "exp2", "exp as a power of two; beyond the caches rows are streamed out", always,
                   cpu::log_softmax_exp2},
               Rung<SoftmaxFn<float>>{"side_by_side",
                                      "a short row a lane: no empty lanes, no sums across them",
                                      cpu::softmax_side_by_side_applies,
                                      cpu::log_softmax_side_by_side, cpu::kSideBySideTakes}}};
template <class T>
inline constexpr auto softmax_gradient_ladder =
    Ladder{"softmax", "softmax_gradient", softmax_gradient_cost<T>,
           std::array{Rung<SoftmaxGradientFn<T>>{"reference", "", always,
                                                 cpu::softmax_gradient_reference<T>}}};
template <>
inline constexpr auto softmax_gradient_ladder<float> = Ladder{
    "softmax", "softmax_gradient", softmax_gradient_cost<float>,
    std::array{Rung<SoftmaxGradientFn<float>>{"reference", "", always,
                                              cpu::softmax_gradient_reference<float>},
               Rung<SoftmaxGradientFn<float>>{"simd", "all lanes, two passes", always,
                                              cpu::softmax_gradient_simd},
               Rung<SoftmaxGradientFn<float>>{
                   "streamed", "four sums side by side; beyond the caches rows are streamed out",
                   always, cpu::softmax_gradient_streamed},
               Rung<SoftmaxGradientFn<float>>{
                   "side_by_side", "a short row a lane: no empty lanes, no sums across them",
                   cpu::softmax_side_by_side_applies, cpu::softmax_gradient_side_by_side,
                   cpu::kSideBySideTakes}}};
template <class T>
inline constexpr auto log_softmax_gradient_ladder =
    Ladder{"softmax", "log_softmax_gradient", softmax_gradient_cost<T>,
           std::array{Rung<SoftmaxGradientFn<T>>{"reference", "", always,
                                                 cpu::log_softmax_gradient_reference<T>}}};
template <>
inline constexpr auto log_softmax_gradient_ladder<float> =
    Ladder{"softmax", "log_softmax_gradient", softmax_gradient_cost<float>,
           std::array{Rung<SoftmaxGradientFn<float>>{"reference", "", always,
                                                     cpu::log_softmax_gradient_reference<float>},
                      Rung<SoftmaxGradientFn<float>>{"simd", "exp on all lanes", always,
                                                     cpu::log_softmax_gradient_simd},
                      Rung<SoftmaxGradientFn<float>>{
                          "exp2", "exp as a power of two; beyond the caches rows are streamed out",
                          always, cpu::log_softmax_gradient_exp2},
                      Rung<SoftmaxGradientFn<float>>{
                          "side_by_side", "a short row a lane: no empty lanes, no sums across them",
                          cpu::softmax_side_by_side_applies, cpu::log_softmax_gradient_side_by_side,
                          cpu::kSideBySideTakes}}};

namespace cuda {
/// kGroup threads a row: 1, 32 or 256.
template <int kGroup, class T>
void softmax_rows(const T* x, T* y, const SoftmaxShape& s, const Stream& stream);
template <int kGroup, class T>
void log_softmax_rows(const T* x, T* y, const SoftmaxShape& s, const Stream& stream);
template <int kGroup, class T>
void softmax_gradient_rows(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                           const Stream& stream);
template <int kGroup, class T>
void log_softmax_gradient_rows(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                               const Stream& stream);
/// 1024 columns or more.
bool softmax_block_applies(const SoftmaxShape& s);
template <class T>  // float, BFloat16
void softmax_held(const T* x, T* y, const SoftmaxShape& s, const Stream& stream);
template <class T>  // float, BFloat16
void log_softmax_held(const T* x, T* y, const SoftmaxShape& s, const Stream& stream);
template <class T>  // float, BFloat16
void softmax_gradient_held(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                           const Stream& stream);
template <class T>  // float, BFloat16
void log_softmax_gradient_held(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                               const Stream& stream);
/// Up to 8192 columns.
bool softmax_held_applies(const SoftmaxShape& s);
void softmax_online(const float* x, float* y, const SoftmaxShape& s, const Stream& stream);
void log_softmax_online(const float* x, float* y, const SoftmaxShape& s, const Stream& stream);
/// More.
bool softmax_online_applies(const SoftmaxShape& s);

inline constexpr const char* kSoftmaxWarpGains = "a warp a row: whole sectors, sums by shuffles";
inline constexpr const char* kSoftmaxBlockGains =
    "a block a row: long rows have enough loads in flight";
inline constexpr const char* kSoftmaxHeldGains =
    "the row in the registers of its warp or block: each element is read once";
inline constexpr const char* kSoftmaxOnlineGains =
    "longer rows: the largest and the sum in one reading instead of two";

template <class T>
inline constexpr auto softmax_ladder = CudaLadder<SoftmaxFn<T>, 3>{
    {{{"naive", "", always, softmax_rows<1, T>},
      {"warp", kSoftmaxWarpGains, always, softmax_rows<32, T>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, softmax_rows<256, T>}}}};
template <>
inline constexpr auto softmax_ladder<float> = CudaLadder<SoftmaxFn<float>, 5>{
    {{{"naive", "", always, softmax_rows<1, float>},
      {"warp", kSoftmaxWarpGains, always, softmax_rows<32, float>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, softmax_rows<256, float>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, softmax_held<float>},
      {"online", kSoftmaxOnlineGains, softmax_online_applies, softmax_online}}}};
template <class T>
inline constexpr auto log_softmax_ladder = CudaLadder<SoftmaxFn<T>, 3>{
    {{{"naive", "", always, log_softmax_rows<1, T>},
      {"warp", kSoftmaxWarpGains, always, log_softmax_rows<32, T>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, log_softmax_rows<256, T>}}}};
template <>
inline constexpr auto log_softmax_ladder<float> = CudaLadder<SoftmaxFn<float>, 5>{
    {{{"naive", "", always, log_softmax_rows<1, float>},
      {"warp", kSoftmaxWarpGains, always, log_softmax_rows<32, float>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, log_softmax_rows<256, float>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, log_softmax_held<float>},
      {"online", kSoftmaxOnlineGains, softmax_online_applies, log_softmax_online}}}};
template <class T>
inline constexpr auto softmax_gradient_ladder = CudaLadder<SoftmaxGradientFn<T>, 3>{
    {{{"naive", "", always, softmax_gradient_rows<1, T>},
      {"warp", kSoftmaxWarpGains, always, softmax_gradient_rows<32, T>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, softmax_gradient_rows<256, T>}}}};
template <>
inline constexpr auto softmax_gradient_ladder<float> = CudaLadder<SoftmaxGradientFn<float>, 4>{
    {{{"naive", "", always, softmax_gradient_rows<1, float>},
      {"warp", kSoftmaxWarpGains, always, softmax_gradient_rows<32, float>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, softmax_gradient_rows<256, float>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, softmax_gradient_held<float>}}}};
template <class T>
inline constexpr auto log_softmax_gradient_ladder = CudaLadder<SoftmaxGradientFn<T>, 3>{
    {{{"naive", "", always, log_softmax_gradient_rows<1, T>},
      {"warp", kSoftmaxWarpGains, always, log_softmax_gradient_rows<32, T>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, log_softmax_gradient_rows<256, T>}}}};
template <>
inline constexpr auto log_softmax_gradient_ladder<float> = CudaLadder<SoftmaxGradientFn<float>, 4>{
    {{{"naive", "", always, log_softmax_gradient_rows<1, float>},
      {"warp", kSoftmaxWarpGains, always, log_softmax_gradient_rows<32, float>},
      {"block", kSoftmaxBlockGains, softmax_block_applies, log_softmax_gradient_rows<256, float>},
      {"held", kSoftmaxHeldGains, softmax_held_applies, log_softmax_gradient_held<float>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
