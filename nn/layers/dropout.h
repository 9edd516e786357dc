#pragma once

#include <optional>

#include "nn/layer.h"

namespace keratin::layers {

struct DropoutOptions {
  double rate = -1;                    // required, 0 to 1
  Shape noise_shape = Shape::unset();  // which axes are drawn apart; None takes the input's size
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("rate", rate);
    f("seed", seed);
    f("noise_shape", noise_shape);
  }
};

/// In training sets elements to 0 with probability `rate` and divides the others by 1 - rate; else
/// passes them. Any shape. Each call draws anew: from the layer's own seed and the number of the
/// call, so that the same run has the same noise. Throws ValueError (rate, noise_shape).
/// Source: Srivastava et al. 2014.
class Dropout : public LayerRef {
 public:
  explicit Dropout(const DropoutOptions& options);
};

}  // namespace keratin::layers
