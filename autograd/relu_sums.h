// The way back through relu and a bias that was added before it.
#pragma once

#include <string_view>

#include "tensor/tensor.h"

namespace keratin::detail {

struct ReluSums {
  Tensor dz, bias;
};

/// On a GPU both gradients come out of one pass.
bool relu_sums_apply(const Tensor& dy);

/// dz = dy where y > 0, else 0, of their shape, and its sums over all axes but the last: the
/// gradients of what relu took, and of the bias in it.
ReluSums relu_sums(std::string_view name, const Tensor& dy, const Tensor& y);

}  // namespace keratin::detail
