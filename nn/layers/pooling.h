// Pooling over images, [batch, height, width, channels]; every channel by itself.
#pragma once

#include "nn/layer.h"
#include "nn/options.h"

namespace keratin::layers {

struct Pooling2DOptions {
  Size2 pool_size = 2;
  Size2 strides = {};             // pool_size unless given
  std::string padding = "valid";  // or "same"
  std::string data_format = {};   // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("pool_size", pool_size);
    f("padding", padding);
    if (!f.reading() && !strides.given()) strides = pool_size;
    f("strides", strides);
    f.data_format(data_format);
  }
};

/// The largest of each window. [batch, h, w, c] -> [batch, h', w', c]; "valid": floor((n - p) / s) +
/// 1, "same": ceil(n / s). Throws ValueError for options out of range, ShapeError (rank, image
/// smaller than the window).
class MaxPooling2D : public LayerRef {
 public:
  explicit MaxPooling2D(const Pooling2DOptions& options = {});
};

/// The mean of each window; padding does not count.
class AveragePooling2D : public LayerRef {
 public:
  explicit AveragePooling2D(const Pooling2DOptions& options = {});
};

struct GlobalPoolingOptions {
  std::string data_format = {};  // channels_last only
  bool keepdims = false;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f.data_format(data_format);
    f("keepdims", keepdims);
  }
};

/// The mean of all pixels. [batch, h, w, c] -> [batch, c], or [batch, 1, 1, c] with keepdims.
class GlobalAveragePooling2D : public LayerRef {
 public:
  explicit GlobalAveragePooling2D(const GlobalPoolingOptions& options = {});
};

/// The largest of all pixels. [batch, h, w, c] -> [batch, c], or [batch, 1, 1, c] with keepdims.
class GlobalMaxPooling2D : public LayerRef {
 public:
  explicit GlobalMaxPooling2D(const GlobalPoolingOptions& options = {});
};

}  // namespace keratin::layers
