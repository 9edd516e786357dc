#pragma once

#include <functional>

#include "nn/layer.h"

namespace keratin::layers {

struct LambdaOptions {
  std::function<Variable(const Variable& x)> function = {};  // required
  Shape output_shape = Shape::unset();  // of a sample; not given: found by calling on zeros
  // The mask of the result; not given: none.
  std::function<Tensor(const Variable& x, const Tensor& mask)> mask = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f);  // throws ValueError: no file can hold a function
};

/// A function of the user's own as a layer, of any shape. It has no weights; those that the function
/// uses are not trained: derive from Layer for that. Throws ValueError (no function), ShapeError
/// where a result is not of output_shape.
///
///     auto halved = layers::Lambda([](const Variable& x) { return x * 0.5; })(x);
class Lambda : public LayerRef {
 public:
  explicit Lambda(const LambdaOptions& options);
  explicit Lambda(std::function<Variable(const Variable& x)> function)
      : Lambda(LambdaOptions{.function = std::move(function)}) {}
};

}  // namespace keratin::layers
