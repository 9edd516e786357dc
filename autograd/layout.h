// What the operations share that only move elements: slice, pad, transpose, concatenate ...
#pragma once

#include <string_view>

#include "autograd/op.h"
#include "kernels/copy/copy.h"

namespace keratin::detail {

/// Throws DTypeError for strings, which no kernel moves.
inline void require_movable(std::string_view name, const Spec& x) {
  if (x.dtype != string) return;
  throw DTypeError(fmt::format("{}: not defined for {}; expected numbers or bool", name, x.text()));
}

/// Bytes of one element, as kernel shapes have it.
inline int element_size(DType dtype) { return static_cast<int>(size_of(dtype)); }

/// How long an axis of `x` gets when it is repeated. Throws ShapeError where no int64 holds that.
inline std::int64_t repeated_size(std::string_view name, const Spec& x, std::int64_t axis,
                                  std::int64_t repeats) {
  std::int64_t size = 0;
  if (!__builtin_mul_overflow(x.shape[axis], repeats, &size)) return size;
  throw ShapeError(fmt::format("{}: axis {} of {} repeated {} times is too long", name, axis,
                               x.text(), repeats));
}

/// Zeros, on the device that `spec` names: there a border with nothing in it.
inline Tensor zeros_of(const Spec& spec) {
  if (spec.device.is_cpu()) return zeros(spec.shape, spec.dtype);
  Tensor y = Tensor::empty(spec);
  kernels::PadShape s;
  s.rank = 1;
  s.element_size = element_size(spec.dtype);
  s.before[0] = y.size();
  constexpr std::uint64_t zero = 0;
  kernels::run(y.stream(), kernels::pad_ladder, static_cast<const void*>(y.address()), y.address(),
               static_cast<const void*>(&zero), s);
  return y;
}

/// `size` for every axis.
inline std::vector<std::int64_t> for_each_axis(std::int64_t rank, std::int64_t size) {
  return std::vector<std::int64_t>(static_cast<std::size_t>(rank), size);
}

}  // namespace keratin::detail
