// For operations on bfloat16 beside float32 numbers, in float32 where the CPU computes them.
#pragma once

#include "autograd/op.h"

namespace keratin::detail {

/// Also of what is not defined().
inline Tensor cast_of(const Tensor& x, DType dtype) { return cast(x, dtype); }
inline Variable cast_of(const Variable& x, DType dtype) { return recorded_cast(x, dtype); }

/// bfloat16 as float32; all else as it is, and so what is not defined().
template <class T>
T widened_bfloat16(const T& x) {
  return x.defined() && x.dtype() == bfloat16 ? cast_of(x, float32) : x;
}

template <class T>
bool is_narrow_on_cpu(const T& x) {
  return x.dtype() == bfloat16 && value_of(x).device().is_cpu();
}

/// What the numbers beside an operand of this dtype are of.
inline DType wide_dtype(DType x) { return x == bfloat16 ? float32 : x; }

}  // namespace keratin::detail
