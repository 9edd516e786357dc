// Pooling over sequences, [batch, time, channels]; every channel by itself.
#pragma once

#include <cstdint>
#include <optional>

#include "nn/layers/pooling.h"

namespace keratin::layers {

struct Pooling1DOptions {
  std::int64_t pool_size = 2;
  std::optional<std::int64_t> strides = {};  // pool_size unless given
  std::string padding = "valid";             // or "same"
  std::string data_format = {};              // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    std::int64_t step = strides.value_or(pool_size);
    f.list_of_one("pool_size", pool_size);
    f("padding", padding);
    f.list_of_one("strides", step);
    if (f.reading()) strides = step;
    f.data_format(data_format);
  }
};

/// The largest of each window. [batch, t, c] -> [batch, t', c]; "valid": floor((t - p) / s) + 1,
/// "same": ceil(t / s). Throws ValueError for options out of range, ShapeError (rank, sequence
/// shorter than the window).
class MaxPooling1D : public LayerRef {
 public:
  explicit MaxPooling1D(const Pooling1DOptions& options = {});
};

/// The mean of each window; padding does not count.
class AveragePooling1D : public LayerRef {
 public:
  explicit AveragePooling1D(const Pooling1DOptions& options = {});
};

/// The mean over time. [batch, t, c] -> [batch, c], or [batch, 1, c] with keepdims. Where the input
/// carries a mask, the mean over the steps that count; 0 where none does (Keras gives NaN).
class GlobalAveragePooling1D : public LayerRef {
 public:
  explicit GlobalAveragePooling1D(const GlobalPoolingOptions& options = {});
};

/// The largest over time, masked steps too. [batch, t, c] -> [batch, c], or [batch, 1, c] with
/// keepdims.
class GlobalMaxPooling1D : public LayerRef {
 public:
  explicit GlobalMaxPooling1D(const GlobalPoolingOptions& options = {});
};

}  // namespace keratin::layers
