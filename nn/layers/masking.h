#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct MaskingOptions {
  double mask_value = 0;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("mask_value", mask_value); }
};

/// Marks the steps whose features are all mask_value as not counting, and sets them to 0.
/// x: [batch, ..., features]; same shape. The result carries a mask of x's shape without the last
/// axis: false where every feature equals mask_value. Throws ShapeError (rank below 2).
class Masking : public LayerRef {
 public:
  explicit Masking(const MaskingOptions& options = {});
};

}  // namespace keratin::layers
