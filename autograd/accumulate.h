#pragma once

#include "tensor/tensor.h"

namespace keratin::detail {

/// sum += x, element by element, both float32 or both float64 and of one shape. Writes into `sum`'s
/// storage where nobody else can see it (`owned`), else makes a new tensor.
void accumulate(Tensor& sum, const Tensor& x, bool owned);

}  // namespace keratin::detail
