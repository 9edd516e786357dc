#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct ResizingOptions {
  std::int64_t height = 0;                 // required
  std::int64_t width = 0;                  // required
  std::string interpolation = "bilinear";  // nearest, bicubic, lanczos3, lanczos5
  bool crop_to_aspect_ratio = false;       // first cuts the middle to the shape of the result
  bool pad_to_aspect_ratio = false;        // first adds borders of fill_value to the same end
  std::string fill_mode = "constant";      // there is no other
  double fill_value = 0;
  bool antialias = false;        // shrinking widens the kernel by the scale
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("height", height);
    f("width", width);
    f("interpolation", interpolation);
    f("crop_to_aspect_ratio", crop_to_aspect_ratio);
    f("pad_to_aspect_ratio", pad_to_aspect_ratio);
    f("fill_mode", fill_mode);
    f("fill_value", fill_value);
    f("antialias", antialias);
    f.data_format(data_format);
  }
};

/// Images of another size, each pixel interpolated at its own centre; resize_images has the details.
/// [batch, h, w, c] -> [batch, height, width, c], or one image without the batch axis; any sizes, any
/// number type. The result has the compute dtype; from integers it holds whole numbers, within the
/// range of the input's type, as Keras rounds them. Gradients go to floating inputs.
/// Throws ValueError (options), ShapeError (rank, no pixels), DTypeError (strings, bool).
///
///     auto x = layers::Resizing({.height = 150, .width = 150, .crop_to_aspect_ratio = true})(inputs);
class Resizing : public LayerRef {
 public:
  explicit Resizing(const ResizingOptions& options);
};

}  // namespace keratin::layers
