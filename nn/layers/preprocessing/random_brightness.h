#pragma once

#include <array>
#include <optional>
#include <string>

#include "nn/layer.h"
#include "nn/layers/preprocessing/factor.h"

namespace keratin::layers {

struct RandomBrightnessOptions {
  Factor factor = {};                            // required, -1 (black) to 1 (white)
  std::array<double, 2> value_range = {0, 255};  // of the pixels; results are clipped to it
  std::optional<std::int64_t> seed = {};
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    factor.fields(f, "factor", -1);
    std::vector<double> range{value_range[0], value_range[1]};
    f("value_range", range);
    if (range.size() == 2) value_range = {range[0], range[1]};
    f("seed", seed);
    if (f.reading()) f.data_format(data_format);
  }
};

/// In training makes each image lighter or darker by a draw of its own; else lets images through.
///   y = x + f (value_range[1] - value_range[0]), clipped to value_range;  f uniform in the factor
/// A single factor f is {-f, f}.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype; bytes are converted before they are changed, so that they do not wrap around,
/// as they do in Keras. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
class RandomBrightness : public LayerRef {
 public:
  explicit RandomBrightness(const RandomBrightnessOptions& options);
};

}  // namespace keratin::layers
