#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::layers::detail {

/// Mean and variance over all axes but some, added up batch by batch in float64, NaN left out.
/// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample
/// variances", 1979.
class Moments {
 public:
  /// `kept`: axes of the batches that have a mean for each place; sizes.size() of them.
  Moments(std::vector<std::int64_t> kept, Shape sizes);

  void add(const Tensor& batch);
  std::int64_t values() const { return values_; }
  std::int64_t left_out() const { return left_out_; }
  /// The first place without any value, or -1.
  std::int64_t empty_place() const;
  Tensor mean() const;      // float64, of the kept sizes
  Tensor variance() const;  // of the population

 private:
  std::vector<std::int64_t> kept_;
  Shape sizes_;
  std::vector<double> count_, mean_, squares_;  // squares: sum of (x - mean)^2
  std::int64_t values_ = 0, left_out_ = 0;
};

}  // namespace keratin::layers::detail
