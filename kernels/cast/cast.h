// y[i] = x[i] in another type, as C++ converts numbers: towards zero from floating types. What an
// integer type cannot hold is cut to its range, NaN becomes 0; to bool, everything but 0 is true.
// What becomes bfloat16 is rounded to nearest, ties to even; a NaN stays one. x and y do not
// overlap.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/bfloat16.h"
#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct CastShape {
  std::int64_t size;
  std::string text() const;
};
template <class From, class To>
using CastFn = void (*)(const From* x, To* y, const CastShape& s);
template <class From, class To>
constexpr Cost cast_cost(const CastShape& s) {
  return {.flops = 0,
          .bytes = static_cast<double>(sizeof(From) + sizeof(To)) * static_cast<double>(s.size)};
}

namespace detail {
constexpr std::string_view type_name(float) { return "float32"; }
constexpr std::string_view type_name(double) { return "float64"; }
constexpr std::string_view type_name(std::uint8_t) { return "uint8"; }
constexpr std::string_view type_name(std::int32_t) { return "int32"; }
constexpr std::string_view type_name(std::int64_t) { return "int64"; }
constexpr std::string_view type_name(bool) { return "bool"; }
constexpr std::string_view type_name(BFloat16) { return "bfloat16"; }

/// "cast_uint8_to_float32", 0 at the end.
template <class From, class To>
inline constexpr auto cast_name = [] {
  std::array<char, 32> name{};
  std::size_t at = 0;
  for (const std::string_view part :
       {std::string_view("cast_"), type_name(From()), std::string_view("_to_"), type_name(To())}) {
    for (const char c : part) name[at++] = c;
  }
  return name;
}();
}  // namespace detail

namespace cpu {
template <class From, class To>
void cast_reference(const From* x, To* y, const CastShape& s);
template <class From, class To>
void cast_threads(const From* x, To* y, const CastShape& s);
void cast_to_bfloat16_simd(const float* x, BFloat16* y, const CastShape& s);
void cast_from_bfloat16_simd(const BFloat16* x, float* y, const CastShape& s);
}  // namespace cpu

/// From, To: float, double, std::uint8_t, std::int32_t, std::int64_t, bool; or float and BFloat16.
template <class From, class To>
inline constexpr auto cast_ladder = Ladder{
    "cast", detail::cast_name<From, To>.data(), cast_cost<From, To>,
    std::array{Rung<CastFn<From, To>>{"reference", "", always, cpu::cast_reference<From, To>},
               Rung<CastFn<From, To>>{"threads", "the compiler's own vectors, on all threads",
                                      always, cpu::cast_threads<From, To>, "", false}}};

template <>
inline constexpr auto cast_ladder<float, BFloat16> =
    Ladder{"cast", "cast_float32_to_bfloat16", cast_cost<float, BFloat16>,
           std::array{Rung<CastFn<float, BFloat16>>{"reference", "", always,
                                                    cpu::cast_reference<float, BFloat16>},
                      Rung<CastFn<float, BFloat16>>{"simd", "vectors, on all threads", always,
                                                    cpu::cast_to_bfloat16_simd}}};
template <>
inline constexpr auto cast_ladder<BFloat16, float> =
    Ladder{"cast", "cast_bfloat16_to_float32", cast_cost<BFloat16, float>,
           std::array{Rung<CastFn<BFloat16, float>>{"reference", "", always,
                                                    cpu::cast_reference<BFloat16, float>},
                      Rung<CastFn<BFloat16, float>>{"simd", "vectors, on all threads", always,
                                                    cpu::cast_from_bfloat16_simd}}};

namespace cuda {
template <class From, class To>
void cast_naive(const From* x, To* y, const CastShape& s, const Stream& stream);
template <class From, class To>
void cast_vectors(const From* x, To* y, const CastShape& s, const Stream& stream);

template <class From, class To>
inline constexpr CudaLadder<CastFn<From, To>, 2> cast_ladder{
    {{{"naive", "", always, cast_naive<From, To>},
      {"vectors", "four elements an access of each side, where both are aligned", always,
       cast_vectors<From, To>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
