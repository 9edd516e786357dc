#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct RescalingOptions {
  double scale = 0;  // required
  double offset = 0;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("scale", scale);
    f("offset", offset);
  }
};

/// y = x scale + offset, in the compute dtype; any shape, any number type: pixels of 0 to 255 with
/// scale 1.0 / 255 become 0 to 1. Throws ValueError for a scale of 0.
class Rescaling : public LayerRef {
 public:
  explicit Rescaling(const RescalingOptions& options);
};

}  // namespace keratin::layers
