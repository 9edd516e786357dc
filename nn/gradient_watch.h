// Looking at gradients before an optimizer uses them up.
#pragma once

#include <vector>

#include "autograd/variable.h"

namespace keratin::detail {

/// While one lives, optimizers that make a step on this thread show it their variables and the
/// gradients of these: as backward gave them, before they are accumulated, scaled or clipped.
class GradientWatch {
 public:
  GradientWatch();
  virtual ~GradientWatch();
  GradientWatch(const GradientWatch&) = delete;
  GradientWatch& operator=(const GradientWatch&) = delete;
  virtual void see(const std::vector<Variable>& variables,
                   const std::vector<Tensor>& gradients) = 0;
  /// Those that live on this thread.
  static const std::vector<GradientWatch*>& all();
};

}  // namespace keratin::detail
