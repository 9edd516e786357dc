#pragma once

#include <optional>
#include <string>

#include "nn/layer.h"

namespace keratin::layers {

struct RandomFlipOptions {
  std::string mode = "horizontal_and_vertical";  // or horizontal: left to right; or vertical
  std::optional<std::int64_t> seed = {};
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("seed", seed);
    f("mode", mode);
    f.data_format(data_format);
  }
};

/// In training mirrors each image with probability 1/2; else lets images through. In the mode of both
/// axes each has a draw of its own, so that all four ways are equally likely; Keras decides both
/// with one draw, and so never mirrors along one alone.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
class RandomFlip : public LayerRef {
 public:
  explicit RandomFlip(const RandomFlipOptions& options = {});
};

}  // namespace keratin::layers
