#pragma once

#include <optional>
#include <string>

#include "nn/layer.h"
#include "nn/layers/preprocessing/factor.h"

namespace keratin::layers {

struct RandomRotationOptions {
  Factor factor = {};                 // required, in full turns: 0.1 is up to 36 degrees either way
  std::string fill_mode = "reflect";  // wrap, nearest, constant
  std::string interpolation = "bilinear";  // or nearest
  std::optional<std::int64_t> seed = {};
  double fill_value = 0;         // for fill_mode constant
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    factor.fields(f, "factor", -1);
    f("fill_mode", fill_mode);
    f("fill_value", fill_value);
    f("interpolation", interpolation);
    f("seed", seed);
    f.data_format(data_format);
    f.only("value_range", 0, 255);
  }
};

/// In training turns each image about its middle by an angle of its own; else lets images through.
/// The angle is uniform in 360 {lower, upper} degrees, positive ones turn counter-clockwise; a
/// single factor f is {-f, f}. fill_mode: see affine_transform.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options; factors outside -1 to 1), ShapeError (rank, no pixels), DTypeError
/// (strings, bool).
class RandomRotation : public LayerRef {
 public:
  explicit RandomRotation(const RandomRotationOptions& options);
};

}  // namespace keratin::layers
