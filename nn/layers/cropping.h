#pragma once

#include <utility>

#include "nn/layer.h"
#include "nn/layers/zero_padding.h"

namespace keratin::layers {

struct Cropping1DOptions {
  Padding1 cropping = {1, 1};  // steps off the start and off the end
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f.pair("cropping", cropping.before, cropping.after); }
};

/// Cuts off both ends.   [batch, t, c] -> [batch, t - start - end, c]
/// Throws ValueError (negative amounts), ShapeError (rank; nothing left).
class Cropping1D : public LayerRef {
 public:
  explicit Cropping1D(const Cropping1DOptions& options = {});
};

struct Cropping2DOptions {
  Padding2 cropping = 0;         // rows off the top and bottom, columns off the left and right
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f.pairs("cropping", cropping.top, cropping.bottom, cropping.left, cropping.right);
    f.data_format(data_format);
  }
};

/// Cuts off a border.   [batch, h, w, c] -> [batch, h - top - bottom, w - left - right, c]
/// Throws ValueError (negative amounts), ShapeError (rank; nothing left).
class Cropping2D : public LayerRef {
 public:
  explicit Cropping2D(const Cropping2DOptions& options = {});
};

}  // namespace keratin::layers
