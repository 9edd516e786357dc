#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct ReshapeOptions {
  Shape target_shape = Shape::unset();  // required; without the batch axis; one size may be -1
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("target_shape", target_shape); }
};

/// The same elements under another shape.   [batch, ...] -> [batch, target_shape...]
/// Throws ValueError (no shape, two sizes of -1), ShapeError where the sizes do not multiply to the
/// same number.
class Reshape : public LayerRef {
 public:
  explicit Reshape(const ReshapeOptions& options);
};

}  // namespace keratin::layers
