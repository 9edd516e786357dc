// The ladder of an operation: its kernels on one device, from the plain reference to the fastest
// rung. kernels/run.h calls them.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

namespace keratin::kernels {

/// What an operation takes at the least: floating-point operations, and bytes with every input read
/// once and every output written once. Contracts compute it from the shape; nothing else counts.
struct Cost {
  double flops = 0;
  double bytes = 0;
};

namespace detail {
template <class Fn>
struct LastArgument;
template <class... Args>
struct LastArgument<void (*)(Args...)> {
  using type = std::remove_cvref_t<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>>;
};
}  // namespace detail

/// The shape that a kernel of type `Fn` computes: by convention its last argument.
template <class Fn>
using ShapeOf = typename detail::LastArgument<Fn>::type;

/// One kernel of a ladder.
template <class Fn>
struct Rung {
  const char* name;   // by technique: "reference", "simd", "packed"; never a number
  const char* gains;  // one line: what it no longer pays for
  bool (*applies)(const ShapeOf<Fn>&);  // may it run on this shape, on this processor?
  Fn function;
  const char* takes = "";  // in words what `applies` asks for: "stride 1, 32 channels or more"
  bool vectors = true;     // one source for all instruction sets, the best chosen at run time?
};

/// For `Rung::applies`: every shape.
template <class Shape>
constexpr bool always(const Shape&) {
  return true;
}

/// The rungs of one operation on one device: "reference" first, then upwards in speed.
template <class Fn, std::size_t N>
struct Ladder {
  const char* room;  // the folder under kernels/, such as "conv2d"
  const char* op;    // such as "conv2d_weight_gradient"
  Cost (*cost)(const ShapeOf<Fn>&);
  std::array<Rung<Fn>, N> rungs;
};
template <class Fn, std::size_t N>
Ladder(const char*, const char*, Cost (*)(const ShapeOf<Fn>&), std::array<Rung<Fn>, N>)
    -> Ladder<Fn, N>;

}  // namespace keratin::kernels
