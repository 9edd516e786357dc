#pragma once

#include <optional>

#include "nn/layer.h"

namespace keratin::layers {

struct RandomCropOptions {
  std::int64_t height = 0;  // required
  std::int64_t width = 0;   // required
  std::optional<std::int64_t> seed = {};
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("height", height);
    f("width", width);
    f("seed", seed);
    f.data_format(data_format);
  }
};

/// In training a window of each image at a place of its own, every place equally likely; else its
/// middle, as CenterCrop.
/// [batch, h, w, c] -> [batch, height, width, c], or one image without the batch axis; any sizes, any
/// number type. The result has the compute dtype. Images that are smaller, in height or width, are
/// cut to the aspect ratio of the result and made larger, bilinearly.
/// Keras differs: it draws one place for the whole batch, and none where the image has room along
/// one axis only; outside of training it lets images through uncropped although it says that they
/// are cropped; and it resizes smaller images without regard to their aspect ratio.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
class RandomCrop : public LayerRef {
 public:
  explicit RandomCrop(const RandomCropOptions& options);
};

}  // namespace keratin::layers
