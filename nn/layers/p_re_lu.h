#pragma once

#include <vector>

#include "nn/layer.h"

namespace keratin::layers {

struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  Regularizer alpha_regularizer = {};
  Constraint alpha_constraint = {};
  std::vector<int> shared_axes = {};  // from 1; one slope for all along these
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("alpha_initializer", alpha_initializer);
    f("alpha_regularizer", alpha_regularizer);
    f("alpha_constraint", alpha_constraint);
    f("shared_axes", shared_axes);
  }
};

/// y = x where x > 0, else alpha x, with a learned slope for each element of a sample.
/// x: [batch, ...]; same shape. Weight: alpha, of the sizes of a sample, 1 along shared axes. Throws
/// ValueError (shared_axes), ShapeError (rank, unknown or other sizes). Source: He et al. 2015.
class PReLU : public LayerRef {
 public:
  explicit PReLU(const PReLUOptions& options = {});
};

}  // namespace keratin::layers
