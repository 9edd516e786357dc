#pragma once

#include <cstdint>

#include "nn/layer.h"
#include "nn/options.h"

namespace keratin::layers {

struct UpSampling1DOptions {
  std::int64_t size = 2;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("size", size); }
};

/// Every step `size` times in a row.   [batch, t, c] -> [batch, t size, c]
/// Throws ValueError (size), ShapeError (rank).
class UpSampling1D : public LayerRef {
 public:
  explicit UpSampling1D(const UpSampling1DOptions& options = {});
};

struct UpSampling2DOptions {
  Size2 size = 2;
  std::string data_format = {};           // channels_last only
  std::string interpolation = "nearest";  // that one only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("size", size);
    f.data_format(data_format);
    f("interpolation", interpolation);
  }
};

/// Every pixel as a block of `size`.   [batch, h, w, c] -> [batch, h size, w size, c]
/// Throws ValueError (size, another interpolation), ShapeError (rank).
class UpSampling2D : public LayerRef {
 public:
  explicit UpSampling2D(const UpSampling2DOptions& options = {});
};

}  // namespace keratin::layers
