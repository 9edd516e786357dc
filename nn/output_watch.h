// Looking at what every layer gives, while a model is asked why its loss is not finite.
#pragma once

#include "nn/layer.h"

namespace keratin::detail {

/// While one lives, layers that are called on this thread show it their results, inner layers
/// before the ones around them.
class OutputWatch {
 public:
  OutputWatch();
  virtual ~OutputWatch();
  OutputWatch(const OutputWatch&) = delete;
  OutputWatch& operator=(const OutputWatch&) = delete;
  virtual void see(const Layer& layer, const Variables& outputs) = 0;
  /// The innermost that lives on this thread, or nullptr.
  static OutputWatch* current();

 private:
  OutputWatch* before_;
};

}  // namespace keratin::detail
