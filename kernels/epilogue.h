// What a matrix product or a convolution does to its sums before it stores them, so that a layer
// with a bias and an activation is one pass over its output.
#pragma once

#include <cstdint>

namespace keratin::kernels {

/// linear: y;  relu: max(y, 0), and NaN stays NaN.
enum class Activation : std::uint8_t { linear, relu };

/// y = activation(sum + bias[column or channel]); bias may be null.
template <class T>
struct Epilogue {
  const T* bias = nullptr;
  Activation activation = Activation::linear;
};

}  // namespace keratin::kernels
