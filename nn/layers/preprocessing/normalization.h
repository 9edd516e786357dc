#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"

namespace keratin::layers {

struct NormalizationOptions {
  Axes axis = -1;    // those with a mean and variance for each of their places; {}: one for all
  Tensor mean = {};  // instead of adapt, both: of any shape that the kept axes broadcast
  Tensor variance = {};
  bool invert = false;  // from normalized numbers back
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f);
};

/// y = (x - mean) / max(sqrt(variance), 1e-7), or, inverted, y = mean + x max(sqrt(variance), 1e-7);
/// in the compute dtype, any shape and numbers. Weights, where mean and variance are not given:
/// mean and variance of the kept axes' sizes, and count, as Keras' files have one.
/// Throws ValueError (options, nothing to learn from), ShapeError, DTypeError.
///
///     layers::Normalization normalize;
///     normalize.adapt(table["age"]);
class Normalization : public LayerRef {
 public:
  explicit Normalization(const NormalizationOptions& options = {});
  /// Learns mean and (population) variance anew, over all axes but `axis`. The first axis is that of
  /// the samples; numbers of one axis are samples of one feature. NaN is left out, and said so.
  void adapt(const Tensor& data);
  /// The same over the x of all elements: batches of two axes or more; one axis: a sample.
  void adapt(const Dataset& data);
};

}  // namespace keratin::layers
