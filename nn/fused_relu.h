// Batch normalization and what follows it as one operation. A model's graph knows what follows (which
// is relu, or an addition and then relu, and nobody else reads what is in between) and offers it; the
// layer knows whether it can. Everything that is in between stays as it is where nobody offers, or
// the layer declines.
#pragma once

#include <cstdint>

#include "nn/layer.h"

namespace keratin::detail {

/// What a layer may be in such a row.
enum class FusedPart : std::uint8_t { none, batch_normalization, add, relu };

/// While one lives, `layer` may give relu of its result instead of the result, or of the sum with
/// `residual` where that is defined().
class FusedRelu {
 public:
  FusedRelu(const Layer& layer, Variable residual);
  ~FusedRelu();
  FusedRelu(const FusedRelu&) = delete;
  FusedRelu& operator=(const FusedRelu&) = delete;

  /// The offer to this layer on this thread, or nullptr.
  static FusedRelu* to(const Layer& layer);
  /// Takes the offer for a result like `x`; false where the residual differs from it in shape, dtype
  /// or device, or carries a mask.
  bool take(const Variable& x);
  bool taken() const { return taken_; }
  const Variable& residual() const { return residual_; }

 private:
  const Layer& layer_;
  const Variable residual_;
  bool taken_ = false;
  FusedRelu* before_;
};

}  // namespace keratin::detail
