// Reductions along one axis: x[outer, reduced, inner] -> y[outer, inner]. NaN makes sums, maxima
// and minima NaN; integer sums wrap around. Sums are taken in pieces fixed by the shape and joined
// in order, so that they do not depend on the threads. x and y do not overlap.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

enum class Reduction : std::uint8_t { sum, max, min };
inline constexpr int kReductionCount = 3;
const char* name_of(Reduction op);

struct ReduceShape {
  Reduction op;
  std::int64_t outer, reduced, inner;  // reduced >= 1 for max and min; an empty sum is 0
  std::string text() const;
};
template <class T>
using ReduceFn = void (*)(const T* x, T* y, const ReduceShape& s);
template <class T>
constexpr Cost reduce_cost(const ReduceShape& s) {
  const double out = static_cast<double>(s.outer) * static_cast<double>(s.inner),
               in = out * static_cast<double>(s.reduced);
  return {.flops = in, .bytes = sizeof(T) * (in + out)};
}

/// The index along the axis of the largest (or smallest) element, the first of equals; a NaN counts
/// as both.
struct ArgReduceShape {
  bool largest;
  std::int64_t outer, reduced, inner;  // reduced >= 1
  std::string text() const;
};
template <class T>
using ArgReduceFn = void (*)(const T* x, std::int64_t* y, const ArgReduceShape& s);
template <class T>
constexpr Cost arg_reduce_cost(const ArgReduceShape& s) {
  const double out = static_cast<double>(s.outer) * static_cast<double>(s.inner),
               in = out * static_cast<double>(s.reduced);
  return {.flops = in, .bytes = sizeof(T) * in + sizeof(std::int64_t) * out};
}

namespace cpu {
template <class T>
void reduce_reference(const T* x, T* y, const ReduceShape& s);
void reduce_simd(const float* x, float* y, const ReduceShape& s);
template <class T>
void arg_reduce_reference(const T* x, std::int64_t* y, const ArgReduceShape& s);
void arg_reduce_simd(const float* x, std::int64_t* y, const ArgReduceShape& s);
bool arg_reduce_simd_applies(const ArgReduceShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto reduce_ladder =
    Ladder{"reduce", "reduce", reduce_cost<T>,
           std::array{Rung<ReduceFn<T>>{"reference", "", always, cpu::reduce_reference<T>}}};
template <>
inline constexpr auto reduce_ladder<float> = Ladder{
    "reduce", "reduce", reduce_cost<float>,
    std::array{Rung<ReduceFn<float>>{"reference", "", always, cpu::reduce_reference<float>},
               Rung<ReduceFn<float>>{
                   "simd", "all lanes, memory in order, joins in a tree; threads over pieces",
                   always, cpu::reduce_simd}}};
template <class T>
inline constexpr auto arg_reduce_ladder =
    Ladder{"reduce", "arg_reduce", arg_reduce_cost<T>,
           std::array{Rung<ArgReduceFn<T>>{"reference", "", always, cpu::arg_reduce_reference<T>}}};
template <>
inline constexpr auto arg_reduce_ladder<float> = Ladder{
    "reduce", "arg_reduce", arg_reduce_cost<float>,
    std::array{Rung<ArgReduceFn<float>>{"reference", "", always, cpu::arg_reduce_reference<float>},
               Rung<ArgReduceFn<float>>{"simd", "the value on all lanes, then its place; threads",
                                        cpu::arg_reduce_simd_applies, cpu::arg_reduce_simd,
                                        "axes shorter than 2^31"}}};

namespace cuda {
template <class X, class Y>
void reduce_naive(const X* x, Y* y, const ReduceShape& s, const Stream& stream);
template <class X, class Y>
void reduce_block(const X* x, Y* y, const ReduceShape& s, const Stream& stream);
template <class X, class Y>
void reduce_split(const X* x, Y* y, const ReduceShape& s, const Stream& stream);
template <class T>
void arg_reduce_naive(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream);
template <class T>
void arg_reduce_block(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream);
template <class T>
void arg_reduce_split(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream);
/// 64 or more into one.
bool reduce_block_applies(const ReduceShape& s);
bool arg_reduce_block_applies(const ArgReduceShape& s);
/// 4096 or more into one, and few results.
bool reduce_split_applies(const ReduceShape& s);
bool arg_reduce_split_applies(const ArgReduceShape& s);

template <class X, class Y>
inline constexpr CudaLadder<void (*)(const X*, Y*, const ReduceShape&), 3> reduce_between{
    {{{"naive", "", always, reduce_naive<X, Y>},
      {"block", "a block a column or 32 of them: whole sectors, a tree in shared memory",
       reduce_block_applies, reduce_block<X, Y>},
      {"split", "pieces of a long axis on blocks of their own, joined in order by a second pass",
       reduce_split_applies, reduce_split<X, Y>}}}};
template <class T>
inline constexpr const auto& reduce_ladder = reduce_between<T, T>;
template <class T>
inline constexpr CudaLadder<ArgReduceFn<T>, 3> arg_reduce_ladder{
    {{{"naive", "", always, arg_reduce_naive<T>},
      {"block", "a block a column or 32 of them: whole sectors, a tree of value and place",
       arg_reduce_block_applies, arg_reduce_block<T>},
      {"split", "pieces of a long axis on blocks of their own, their winners met by a second pass",
       arg_reduce_split_applies, arg_reduce_split<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
