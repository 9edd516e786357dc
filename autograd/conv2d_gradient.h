// The gradient of conv2d by its input, as an operation of its own.
#pragma once

#include "autograd/variable.h"
#include "kernels/conv2d/conv2d.h"

namespace keratin::detail {

/// dy: [batch, out_h, out_w, out_c], kernel: [kh, kw, in_c / groups, out_c], of one floating dtype,
/// which the caller has checked. Result: [batch, in_h, in_w, in_c]. Its gradients can be
/// differentiated again.
Tensor conv2d_input_gradient(const Tensor& dy, const Tensor& kernel, const kernels::Conv2dShape& s);
Variable conv2d_input_gradient(const Variable& dy, const Variable& kernel,
                               const kernels::Conv2dShape& s);

}  // namespace keratin::detail
