#pragma once

#include <array>
#include <optional>
#include <string>

#include "nn/layer.h"
#include "nn/layers/preprocessing/factor.h"

namespace keratin::layers {

struct RandomContrastOptions {
  Factor factor = {};                            // required, 0 to 1
  std::array<double, 2> value_range = {0, 255};  // of the pixels; results are clipped to it
  std::optional<std::int64_t> seed = {};
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    factor.fields(f, "factor", 1);
    std::vector<double> range{value_range[0], value_range[1]};
    f("value_range", range);
    if (range.size() == 2) value_range = {range[0], range[1]};
    f("seed", seed);
    if (f.reading()) f.data_format(data_format);
  }
};

/// In training changes the contrast of each image by a draw of its own; else lets images through.
///   y = (x - m) f + m, clipped to value_range;  m the mean of the image's channel,
///   f uniform in [1 - lower, 1 + upper)
/// A single factor f means lower = upper = f, as Keras documents; what Keras does for it is lower =
/// 0, so that contrast only ever rises. {0, f} gives that. Keras sorts a pair, which would swap its
/// meaning: keratin takes lower <= upper only.
/// [batch, h, w, c] or one image without the batch axis; any sizes, any number type. The result has
/// the compute dtype. Called by itself, not by a model, it is in training unless told otherwise.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
class RandomContrast : public LayerRef {
 public:
  explicit RandomContrast(const RandomContrastOptions& options);
};

}  // namespace keratin::layers
