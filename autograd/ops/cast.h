#pragma once

#include "autograd/variable.h"
#include "tensor/cast.h"

namespace keratin {

/// The same numbers in another type, as cast() of a Tensor; x itself where it has that type already.
/// The gradient, cast back, passes between floating types; other results are constants.
/// x: any shape; any type of numbers or bool. Throws DTypeError for strings.
[[nodiscard]] Variable cast(const Variable& x, DType dtype);

namespace detail {
/// `y`, which is cast(x, y.dtype()) computed elsewhere, as the result of that.
Variable cast_to(const Variable& x, const Tensor& y);
}  // namespace detail

}  // namespace keratin
