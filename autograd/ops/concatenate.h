#pragma once

#include <initializer_list>
#include <span>

#include "autograd/variable.h"

namespace keratin {

struct ConcatenateOptions {
  int axis = 0;
};

/// Puts tensors one after the other along an axis.
/// Shapes: equal but for that axis; the result's size there is the sum. Numbers or bool, all of one
/// dtype. Throws ShapeError (naming the first that does not fit, and all shapes), DTypeError,
/// ValueError (no tensors).
/// Example: concatenate({a, b}, {.axis = -1}) of f32[2, 3] and f32[2, 5] is f32[2, 8].
[[nodiscard]] Tensor concatenate(std::span<const Tensor> xs, ConcatenateOptions options = {});
[[nodiscard]] Tensor concatenate(std::initializer_list<Tensor> xs, ConcatenateOptions options = {});
[[nodiscard]] Variable concatenate(std::span<const Variable> xs, ConcatenateOptions options = {});
[[nodiscard]] Variable concatenate(std::initializer_list<Variable> xs,
                                   ConcatenateOptions options = {});

}  // namespace keratin
