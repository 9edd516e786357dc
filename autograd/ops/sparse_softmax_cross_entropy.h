#pragma once

#include <cstdint>
#include <optional>

#include "autograd/variable.h"

namespace keratin {

struct SparseSoftmaxCrossEntropyOptions {
  std::optional<std::int64_t> ignore_class = {};  // samples of this label: loss and gradient 0
  std::optional<double> total_scale = {};         // given: the sum of all y, times this
};

/// Softmax and cross-entropy with class numbers, in one.   y = ln sum exp(x) - x[label]
/// logits: [..., classes], f32 or f64; labels: [...], int32 or int64. Result: [...], or [] of a
/// total, dtype of the logits. Throws ShapeError, DTypeError, and ValueError naming the first label
/// that is out of range.
[[nodiscard]] Tensor sparse_softmax_cross_entropy(const Tensor& logits, const Tensor& labels,
                                                  SparseSoftmaxCrossEntropyOptions options = {});
[[nodiscard]] Variable sparse_softmax_cross_entropy(const Variable& logits, const Tensor& labels,
                                                    SparseSoftmaxCrossEntropyOptions options = {});

}  // namespace keratin
