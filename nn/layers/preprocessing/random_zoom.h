#pragma once

#include <optional>
#include <string>

#include "nn/layer.h"
#include "nn/layers/preprocessing/factor.h"

namespace keratin::layers {

struct RandomZoomOptions {
  Factor height_factor = {};  // required; 0.2: a fifth smaller to a fifth larger a cut-out
  Factor width_factor = {};   // not given: as the height is drawn, which keeps the aspect ratio
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

/// In training zooms each image about its middle by a draw of its own; else lets images through.
/// With f uniform in {lower, upper}, 1 + f times the height is shown, and likewise of the width:
/// negative factors zoom in, positive ones out. A single factor f is {-f, f}. fill_mode: see
/// affine_transform.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options; factors outside -1 to 1, and -1 itself, which would show nothing),
/// ShapeError (rank, no pixels), DTypeError (strings, bool).
class RandomZoom : public LayerRef {
 public:
  explicit RandomZoom(const RandomZoomOptions& options);
};

}  // namespace keratin::layers
