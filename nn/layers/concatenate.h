#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct ConcatenateOptions {
  int axis = -1;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("axis", axis); }
};

/// Puts its inputs one after the other along an axis: layers::Concatenate()({a, b}).
/// Shapes must be the same but for that axis. Among numbers of several types, such as one_hot indices
/// and measurements, integers become floating. Throws ShapeError with all shapes, ValueError for
/// fewer than one input or the batch axis.
class Concatenate : public LayerRef {
 public:
  explicit Concatenate(const ConcatenateOptions& options = {});
};

}  // namespace keratin::layers
