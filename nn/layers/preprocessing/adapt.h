// What layers learn from: arrays, and datasets.
#pragma once

#include <string>

#include "data/dataset.h"
#include "kernels/function_ref.h"
#include "tensor/tensor.h"

namespace keratin::layers::detail {

/// A layer that learns from data before it is used.
class Adaptable {
 public:
  virtual ~Adaptable() = default;
  virtual void adapt(const Tensor& data) = 0;
  virtual void adapt(const Dataset& data) = 0;
};

/// The x of every element of one pass over `data`. Throws ValueError, naming `layer`, where an
/// element has several inputs, and for a dataset that has no end or no elements.
void each_element(const std::string& layer, const Dataset& data,
                  kernels::FunctionRef<void(const Tensor& x)> use);

/// Says how many values adapt left out as they were NaN; nothing where none were.
void report_nan(const std::string& layer, std::int64_t left_out, std::int64_t of);

}  // namespace keratin::layers::detail
