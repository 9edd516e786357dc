// Formulas of several operations on bfloat16, rounded once.
#pragma once

#include <array>
#include <span>
#include <utility>

#include "autograd/op.h"
#include "autograd/reduce_to_shape.h"
#include "kernels/function_ref.h"

namespace keratin::detail {

/// f of float32 copies of `x`, tensors of bfloat16 on the CPU, which f works on element by element:
/// block by block, so that no copy leaves the caches. They have the shape of the first one, or one
/// element. f may be called on several threads.
Tensor in_float32_blocks(std::span<const Tensor> x,
                         kernels::FunctionRef<Tensor(std::span<const Tensor>)> f);
/// Can they be cut so? Not on a GPU.
bool fit_blocks(std::span<const Tensor> x);

/// f of float32 copies of `x`, its result rounded to bfloat16.
template <class F, class... X>
auto in_float32(const F& f, const X&... x) {
  if constexpr ((std::same_as<X, Tensor> && ...)) {
    return cast(f(cast(x, float32)...), bfloat16);
  } else {
    return recorded_cast(f(recorded_cast(x, float32)...), bfloat16);
  }
}

/// f(x...), whose operations are element-wise, its result of the first one's shape. Of bfloat16 it
/// is computed in float32 and rounded: block by block for Tensors that fit_blocks(), by way of
/// whole copies for others and for Variables.
///
///     rounded_once([](const auto& g, const auto& x) { return g * cos(x); }, dy, saved.input(0))
template <class F, class T, class... More>
T rounded_once(const F& f, const T& first, const More&... more) {
  if (first.dtype() != bfloat16) return f(first, more...);
  if constexpr (std::same_as<T, Tensor>) {
    const std::array<Tensor, 1 + sizeof...(More)> x{first, more...};
    if (fit_blocks(x)) {
      return in_float32_blocks(x, [&f](std::span<const Tensor> wide) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) { return f(wide[I]...); }
        (std::make_index_sequence<1 + sizeof...(More)>());
      });
    }
  }
  return in_float32(f, first, more...);
}

/// The gradient for an operand of `shape`: rounded_once, with what was broadcast summed up before
/// it is rounded.
template <class F, class T, class... More>
T reduced_once(const Shape& shape, const F& f, const T& dy, const More&... more) {
  if (dy.shape() == shape) return rounded_once(f, dy, more...);
  const auto summed = [&](const auto&... x) { return reduce_to_shape(f(x...), shape); };
  return dy.dtype() == bfloat16 ? in_float32(summed, dy, more...) : summed(dy, more...);
}

}  // namespace keratin::detail
