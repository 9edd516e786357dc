#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct FlattenOptions {
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f.data_format(data_format); }
};

/// All axes but the batch as one.   [batch, a, b, ...] -> [batch, a b ...];  [batch] -> [batch, 1]
class Flatten : public LayerRef {
 public:
  explicit Flatten(const FlattenOptions& options = {});
};

}  // namespace keratin::layers
