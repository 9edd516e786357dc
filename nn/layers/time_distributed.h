#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct TimeDistributedOptions {
  LayerRef layer = {};  // required
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("layer", layer); }
};

/// Applies one layer to every time step.   [batch, time, ...] -> [batch, time, ...]
/// Layers that treat each sample by itself get all steps at once, as one batch; others, such as
/// BatchNormalization, one step after the other. The mask [batch, time] goes through. Weights: those
/// of the layer. Throws ValueError (no layer, several results), ShapeError (rank below 3).
class TimeDistributed : public LayerRef {
 public:
  explicit TimeDistributed(const TimeDistributedOptions& options);
  explicit TimeDistributed(const LayerRef& layer)
      : TimeDistributed(TimeDistributedOptions{.layer = layer}) {}
};

}  // namespace keratin::layers
