// The gradient by what a max pooling read, not spread over its cells yet.
#pragma once

#include "kernels/call_site.h"
#include "kernels/pool2d/pool2d.h"
#include "tensor/tensor.h"

namespace keratin::detail {

/// All but a few cells of such a gradient are zeros. What an operation does element by element to it
/// may as well be done to dz, a fraction of the numbers; and whoever needs it whole can spread some
/// images at a time. The tape hands it to the operation before the pooling, where only that pooling
/// read its result and it takes one (Node::takes_pooled).
struct PooledGradient {
  Tensor dz, z;    // of the pooling's result, and that result, which are the cells that won
  Tensor winners;  // which of each window's cells won, as max_pool2d's kernel left it
  kernels::Pool2dShape shape;
  kernels::CallSite site;  // of the pooling's gradient, for traces
};

}  // namespace keratin::detail
