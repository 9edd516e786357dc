// Layers that take several inputs, element by element: layers::Add()({a, b, c}).
#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct MergeOptions {
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields&) {}
};

// Shapes must be the same, but for sizes of 1, which are repeated, and fewer axes, which are taken
// as 1 after the batch axis. The result counts where any input does, and has no mask where one of
// them has none. Steps that do not count are 1 to Multiply; Maximum and Minimum take the other's
// there; the others compute with them as with any. Throws ShapeError with all shapes, ValueError for too few inputs.

/// a + b + ...
class Add : public LayerRef {
 public:
  explicit Add(const MergeOptions& options = {});
};
/// a - b; exactly two inputs.
class Subtract : public LayerRef {
 public:
  explicit Subtract(const MergeOptions& options = {});
};
/// a b ...
class Multiply : public LayerRef {
 public:
  explicit Multiply(const MergeOptions& options = {});
};
/// (a + b + ...) / how many
class Average : public LayerRef {
 public:
  explicit Average(const MergeOptions& options = {});
};
/// The largest of each element.
class Maximum : public LayerRef {
 public:
  explicit Maximum(const MergeOptions& options = {});
};
/// The smallest of each element.
class Minimum : public LayerRef {
 public:
  explicit Minimum(const MergeOptions& options = {});
};

}  // namespace keratin::layers
