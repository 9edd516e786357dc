#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"

namespace keratin::layers {

struct DiscretizationOptions {
  std::vector<double> bin_boundaries = {};    // rising; this, or
  std::optional<std::int64_t> num_bins = {};  // boundaries that adapt finds
  double epsilon = 0.01;                      // how exactly: adapt keeps 1 / epsilon values
  std::string output_mode = "int";            // int, one_hot, multi_hot, count
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("bin_boundaries", bin_boundaries);
    f("num_bins", num_bins);
    f("epsilon", epsilon);
    f("output_mode", output_mode);
  }
};

/// Numbers to the bins that they fall in: how many boundaries are <= x; NaN falls into the last bin.
/// Any shape. int gives int32 of the input's shape, the other modes the compute dtype, shaped as by
/// CategoryEncoding.
/// Throws ValueError (options, boundaries that do not rise, no boundaries yet), DTypeError.
class Discretization : public LayerRef {
 public:
  explicit Discretization(const DiscretizationOptions& options);
  /// Learns boundaries anew that put about as many of the values into each bin. NaN is left out, and
  /// said so. Throws ValueError where boundaries were given.
  void adapt(const Tensor& data);
  void adapt(const Dataset& data);
  /// Empty before adapt.
  std::vector<double> bin_boundaries() const;
};

}  // namespace keratin::layers
