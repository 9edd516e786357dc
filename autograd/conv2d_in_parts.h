// The gradients of a convolution, some images at a time.
#pragma once

#include "autograd/pooled_gradient.h"
#include "kernels/conv2d/conv2d.h"
#include "tensor/tensor.h"

namespace keratin::detail {

struct Conv2dGradients {
  Tensor x, kernel, bias;  // not defined() where nobody asked
};
struct Conv2dWants {
  bool x, kernel, bias;
};

/// Large outputs of float32 on the CPU, of several images, with weights small beside them.
bool conv2d_relu_gradient_applies(const Tensor& dy, const kernels::Conv2dShape& s);

/// dz = dy where y > 0, else 0, and what the three gradients make of it. dz of all images would be
/// written to memory and read again from there by each of them: it is computed for some images at a
/// time, which a cache holds. Sums over images are joined in their order: the bits do not depend on
/// the threads.
Conv2dGradients conv2d_relu_gradient(const Tensor& x, const Tensor& kernel, const Tensor& y,
                                     const Tensor& dy, const kernels::Conv2dShape& s,
                                     const Conv2dWants& wants);

/// The same for a convolution whose result, after relu where that is its activation, was read by a
/// max pooling: relu and the bias see a number a window, and cells are filled for some images at a
/// time. float32 on the CPU.
Conv2dGradients conv2d_pooled_gradient(const Tensor& x, const Tensor& kernel,
                                       const PooledGradient& dy, kernels::Activation activation,
                                       const kernels::Conv2dShape& s, const Conv2dWants& wants);

}  // namespace keratin::detail
