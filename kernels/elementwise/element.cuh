// One element of an element-wise operation on a GPU. Of floats, functions are those of CUDA in
// single precision, within 4 units of the last place; NaN and infinities as element.h has them,
// whose own functions are those of all other types.
#pragma once

#include "kernels/cuda/device.cuh"
#include "kernels/elementwise/element.h"

namespace keratin::kernels::cuda {

__device__ __forceinline__ float element_of(Unary op, float x) {
  switch (op) {
    case Unary::negative:
      return -x;
    case Unary::abs:
      return fabsf(x);
    case Unary::sign:
      return x != x ? x : static_cast<float>((x > 0) - (x < 0));
    case Unary::square:
      return x * x;
    case Unary::relu:
      return x < 0 ? 0 : x;  // NaN stays
    case Unary::sqrt:
      return sqrtf(x);
    case Unary::rsqrt:
      return 1 / sqrtf(x);
    case Unary::reciprocal:
      return 1 / x;
    case Unary::exp:
      return expf(x);
    case Unary::expm1:
      return expm1f(x);
    case Unary::log:
      return logf(x);
    case Unary::log1p:
      return log1pf(x);
    case Unary::sin:
      return sinf(x);
    case Unary::cos:
      return cosf(x);
    case Unary::tanh:
      return tanhf(x);
    case Unary::sigmoid: {
      const float e = expf(-fabsf(x));  // at most 1: no overflow where the result is denormal
      return (x < 0 ? e : 1) / (1 + e);
    }
    case Unary::softplus:
      return (x < 0 ? 0 : x) + log1pf(expf(-fabsf(x)));
    case Unary::erf:
      return erff(x);
    case Unary::floor:
      return floorf(x);
    case Unary::ceil:
      return ceilf(x);
    case Unary::round:
      return rintf(x);  // halves to even
  }
  return x;
}

__device__ __forceinline__ float element_of(Binary op, float a, float b) {
  switch (op) {
    case Binary::add:
      return a + b;
    case Binary::subtract:
      return a - b;
    case Binary::multiply:
      return a * b;
    case Binary::divide:
      return a / b;
    case Binary::maximum:
      return a != a ? a : (b != b ? b : (a < b ? b : a));  // NaN from either side
    case Binary::minimum:
      return a != a ? a : (b != b ? b : (b < a ? b : a));
    case Binary::power:
      return powf(a, b);
    case Binary::equal:
      return a == b ? 1 : 0;
    case Binary::not_equal:
      return a != b ? 1 : 0;
    case Binary::less:
      return a < b ? 1 : 0;
    case Binary::less_equal:
      return a <= b ? 1 : 0;
    case Binary::greater:
      return a > b ? 1 : 0;
    case Binary::greater_equal:
      return a >= b ? 1 : 0;
    case Binary::relu_gradient:
      return b > 0 ? a : 0;
    case Binary::sigmoid_gradient:
      return a * b * (1 - b);
    case Binary::tanh_gradient:
      return a * (1 - b * b);
    case Binary::sigmoid_cross_entropy:
      return (a < 0 ? 0 : a) - a * b + log1pf(expf(-fabsf(a)));
  }
  return a;
}

template <class T>
__device__ __forceinline__ T element_of(Unary op, T x) {
  return cpu::element(op, x);
}
template <class T>
__device__ __forceinline__ T element_of(Binary op, T a, T b) {
  return cpu::element(op, a, b);
}

}  // namespace keratin::kernels::cuda
