#pragma once

#include <optional>
#include <string>

#include "nn/layer.h"
#include "nn/layers/preprocessing/factor.h"

namespace keratin::layers {

struct RandomTranslationOptions {
  Factor height_factor = {};               // required, a share of the height
  Factor width_factor = {};                // required, a share of the width
  std::string fill_mode = "reflect";       // wrap, nearest, constant
  std::string interpolation = "bilinear";  // or nearest
  std::optional<std::int64_t> seed = {};
  double fill_value = 0;         // for fill_mode constant
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    height_factor.fields(f, "height_factor", -1);
    width_factor.fields(f, "width_factor", -1);
    f("fill_mode", fill_mode);
    f("interpolation", interpolation);
    f("seed", seed);
    f("fill_value", fill_value);
    f.data_format(data_format);
  }
};

/// In training shifts each image by draws of its own; else lets images through. Down by f times the
/// height, right by g times the width, f and g uniform in the factors' ranges; a single factor f is
/// {-f, f}. Shifts need not be whole pixels. fill_mode: see affine_transform.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options; factors outside -1 to 1), ShapeError (rank, no pixels), DTypeError
/// (strings, bool).
class RandomTranslation : public LayerRef {
 public:
  explicit RandomTranslation(const RandomTranslationOptions& options);
};

}  // namespace keratin::layers
