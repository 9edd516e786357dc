// Element-wise operations of one and of two operands, the second kind with NumPy's broadcasting.
// Outputs may be one of the inputs itself if that has the output's shape; other overlaps are not
// allowed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

enum class Unary : std::uint8_t {
  negative,
  abs,
  sign,
  square,
  sqrt,
  rsqrt,
  reciprocal,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  relu,
  erf,
  floor,
  ceil,
  round,
};
inline constexpr int kUnaryCount = static_cast<int>(Unary::round) + 1;
const char* name_of(Unary op);

/// y[i] = op(x[i]), i < size.
struct UnaryShape {
  Unary op;
  std::int64_t size;
  std::string text() const;
};
template <class T>
using UnaryFn = void (*)(const T* x, T* y, const UnaryShape& s);
template <class T>
constexpr Cost unary_cost(const UnaryShape& s) {  // any function counts as one FLOP
  return {.flops = 1.0 * static_cast<double>(s.size),
          .bytes = 2.0 * sizeof(T) * static_cast<double>(s.size)};
}

enum class Binary : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,          // 1 or 0
  relu_gradient,          // (dy, y) -> y > 0 ? dy : 0
  sigmoid_gradient,       // (dy, y) -> dy y (1 - y)
  tanh_gradient,          // (dy, y) -> dy (1 - y^2)
  sigmoid_cross_entropy,  // (x, t) -> max(x, 0) - x t + ln(1 + e^-|x|)
};
inline constexpr int kBinaryCount = static_cast<int>(Binary::sigmoid_cross_entropy) + 1;
const char* name_of(Binary op);

/// y = op(a, b), where an axis with stride 0 repeats its operand. Axes that lie together in all
/// three are merged.
struct BinaryShape {
  static constexpr int kMaxRank = kMaxBroadcastRank;
  Binary op;
  int rank = 0;                                 // >= 1
  std::array<std::int64_t, kMaxRank> sizes{};   // of y, which is contiguous
  std::array<std::int64_t, kMaxRank> a{}, b{};  // strides in elements

  std::int64_t size() const;
  std::string text() const;
};
template <class T>
using BinaryFn = void (*)(const T* a, const T* b, T* y, const BinaryShape& s);
template <class T>
constexpr Cost binary_cost(const BinaryShape& s) {
  double size = 1, size_a = 1, size_b = 1;
  for (int i = 0; i < s.rank; ++i) {
    const auto n = static_cast<double>(s.sizes[static_cast<std::size_t>(i)]);
    size *= n;
    if (s.a[static_cast<std::size_t>(i)] != 0) size_a *= n;
    if (s.b[static_cast<std::size_t>(i)] != 0) size_b *= n;
  }
  return {.flops = size, .bytes = sizeof(T) * (size + size_a + size_b)};
}

/// The shape of op on contiguous operands whose sizes broadcast (equal or 1, aligned at the end).
BinaryShape make_binary_shape(Binary op, std::span<const std::int64_t> a,
                              std::span<const std::int64_t> b);

namespace cpu {
template <class T>
void unary_reference(const T* x, T* y, const UnaryShape& s);
template <class T>
void unary_threads(const T* x, T* y, const UnaryShape& s);
void unary_simd(const float* x, float* y, const UnaryShape& s);
bool unary_simd_applies(const UnaryShape& s);
void unary_streamed(const float* x, float* y, const UnaryShape& s);
bool unary_streamed_applies(const UnaryShape& s);
template <class T>
void binary_reference(const T* a, const T* b, T* y, const BinaryShape& s);
template <class T>
void binary_threads(const T* a, const T* b, T* y, const BinaryShape& s);
void binary_simd(const float* a, const float* b, float* y, const BinaryShape& s);
bool binary_simd_applies(const BinaryShape& s);
void binary_streamed(const float* a, const float* b, float* y, const BinaryShape& s);
/// One row, beyond the caches.
bool binary_streamed_applies(const BinaryShape& s);

template <class T>
inline constexpr Rung<UnaryFn<T>> unary_threads_rung{
    "threads", "pieces on all threads", always, unary_threads<T>, "", false};
template <class T>
inline constexpr Rung<BinaryFn<T>> binary_threads_rung{
    "threads", "no divisions for places; pieces on all threads", always, binary_threads<T>, "",
    false};
}  // namespace cpu

/// T: float, double, std::uint8_t, std::int32_t, std::int64_t.
template <class T>
inline constexpr auto unary_ladder =
    Ladder{"elementwise", "unary", unary_cost<T>,
           std::array{Rung<UnaryFn<T>>{"reference", "", always, cpu::unary_reference<T>},
                      cpu::unary_threads_rung<T>}};
template <>
inline constexpr auto unary_ladder<float> = Ladder{
    "elementwise", "unary", unary_cost<float>,
    std::array{
        Rung<UnaryFn<float>>{"reference", "", always, cpu::unary_reference<float>},
        cpu::unary_threads_rung<float>,
        Rung<UnaryFn<float>>{"simd", "all lanes at once, polynomials for exp and log; threads",
                             cpu::unary_simd_applies, cpu::unary_simd,
                             "all functions but sin and cos"},
        Rung<UnaryFn<float>>{"streamed", "stores past the caches: no line is read to be written",
                             cpu::unary_streamed_applies, cpu::unary_streamed,
                             "what simd takes, more than streamed_bytes (`make tune`)"}}};

template <class T>
inline constexpr auto binary_ladder =
    Ladder{"elementwise", "binary", binary_cost<T>,
           std::array{Rung<BinaryFn<T>>{"reference", "", always, cpu::binary_reference<T>},
                      cpu::binary_threads_rung<T>}};
template <>
inline constexpr auto binary_ladder<float> =
    Ladder{"elementwise", "binary", binary_cost<float>,
           std::array{Rung<BinaryFn<float>>{"reference", "", always, cpu::binary_reference<float>},
                      cpu::binary_threads_rung<float>,
                      Rung<BinaryFn<float>>{
                          "simd", "all lanes at once, short rows repeated to long ones; threads",
                          cpu::binary_simd_applies, cpu::binary_simd, "all functions but power"},
                      Rung<BinaryFn<float>>{
                          "streamed", "stores past the caches: no line is read to be written",
                          cpu::binary_streamed_applies, cpu::binary_streamed,
                          "one row that simd takes, more than streamed_bytes (`make "
                          "tune`)"}}};

namespace cuda {
template <class T>
void unary_naive(const T* x, T* y, const UnaryShape& s, const Stream& stream);
void unary_vectors(const float* x, float* y, const UnaryShape& s, const Stream& stream);
template <class T>
void binary_naive(const T* a, const T* b, T* y, const BinaryShape& s, const Stream& stream);
void binary_vectors(const float* a, const float* b, float* y, const BinaryShape& s,
                    const Stream& stream);
bool binary_vectors_applies(const BinaryShape& s);

template <class T>
inline constexpr auto unary_ladder =
    CudaLadder<UnaryFn<T>, 1>{{{{"naive", "", always, unary_naive<T>}}}};
template <>
inline constexpr auto unary_ladder<float> = CudaLadder<UnaryFn<float>, 2>{
    {{{"naive", "", always, unary_naive<float>},
      {"vectors", "16 bytes a load; several in flight; the operation chosen outside of the loop",
       always, unary_vectors}}}};
template <class T>
inline constexpr auto binary_ladder =
    CudaLadder<BinaryFn<T>, 1>{{{{"naive", "", always, binary_naive<T>}}}};
template <>
inline constexpr auto binary_ladder<float> = CudaLadder<BinaryFn<float>, 2>{
    {{{"naive", "", always, binary_naive<float>},
      {"vectors", "16 bytes a load, no divisions: operands of one shape, or one is a number",
       binary_vectors_applies, binary_vectors}}}};
}  // namespace cuda

}  // namespace keratin::kernels
