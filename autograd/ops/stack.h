#pragma once

#include <initializer_list>
#include <span>

#include "autograd/variable.h"

namespace keratin {

struct StackOptions {
  int axis = 0;  // of the result
};

/// Puts tensors of one shape side by side along a new axis.   y[.., i, ..] = xs[i]
/// Numbers or bool, all of one dtype. Throws ShapeError, DTypeError, ValueError (no tensors).
/// Example: stack({a, b}) of two f32[3] is f32[2, 3]; with {.axis = 1} it is f32[3, 2].
[[nodiscard]] Tensor stack(std::span<const Tensor> xs, StackOptions options = {});
[[nodiscard]] Tensor stack(std::initializer_list<Tensor> xs, StackOptions options = {});
[[nodiscard]] Variable stack(std::span<const Variable> xs, StackOptions options = {});
[[nodiscard]] Variable stack(std::initializer_list<Variable> xs, StackOptions options = {});

}  // namespace keratin
