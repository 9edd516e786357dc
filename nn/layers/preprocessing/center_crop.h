#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct CenterCropOptions {
  std::int64_t height = 0;       // required
  std::int64_t width = 0;        // required
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("height", height);
    f("width", width);
    f.data_format(data_format);
  }
};

/// The middle of each image: rows from (h - height) / 2 on, columns likewise, rounded down.
/// [batch, h, w, c] -> [batch, height, width, c], or one image without the batch axis; any sizes, any
/// number type. The result has the compute dtype. An image that is smaller, in height or width, is
/// cut to the aspect ratio of the result and then made larger, bilinearly; Keras does so only where
/// the size is known when the graph is built, and otherwise gives images of another size than it
/// says.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
class CenterCrop : public LayerRef {
 public:
  explicit CenterCrop(const CenterCropOptions& options);
};

}  // namespace keratin::layers
