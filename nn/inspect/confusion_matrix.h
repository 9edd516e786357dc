#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace keratin {

/// Counts which class was taken for which.   m[t][s] = samples of class t that were said to be s
/// y_true, y_pred: integers, [N] or [N, 1].   Result: i64[C, C], C = num_classes; if that is not
/// given, the largest label + 1. Throws ShapeError, DTypeError, ValueError (a label that is not
/// in 0 .. C - 1, more than 10,000 classes).
///
///     Tensor m = confusion_matrix(y_test, argmax(model.predict(x_test), {.axis = -1}));
///     fmt::print("{}", confusion_matrix_text(m));
Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred,
                        std::optional<std::int64_t> num_classes = {});

struct ConfusionMatrixTextOptions {
  /// One a class; not given: 0, 1, 2 ...
  std::vector<std::string> class_names = {};
};

/// The matrix as a table: a row for what is, a column for what was said, a dot for none, and at the
/// end of each row the share of the class that was found (its recall). Throws ShapeError,
/// DTypeError, ValueError.
std::string confusion_matrix_text(const Tensor& matrix,
                                  const ConfusionMatrixTextOptions& options = {});

}  // namespace keratin
