#pragma once

#include "autograd/variable.h"

namespace keratin {

/// What batch_normalization found: mean and biased variance over all axes but the last, [channels].
struct BatchMoments {
  Tensor mean, variance;
};

/// Normalizes each channel by its own batch.
///   y = gamma (x - mean x) / sqrt(var x + epsilon) + beta
/// x: [..., channels], f32, f64 or bf16, at least one row; gamma, beta: [channels], of x's dtype, or
/// not defined() for 1 and 0. The batch's moments are left in `moments`. Of x in bf16 all is computed
/// in f32, gamma and beta may be f32, the moments are, and y is rounded to bf16 once. Throws
/// ShapeError, DTypeError. Source: Ioffe and Szegedy 2015, algorithm 1.
[[nodiscard]] Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon, BatchMoments& moments);
[[nodiscard]] Variable batch_normalization(const Variable& x, const Variable& gamma,
                                           const Variable& beta, double epsilon,
                                           BatchMoments& moments);

/// The same with given moments, [channels] each and f32 for x in bf16, as at inference. Can be
/// differentiated twice.
[[nodiscard]] Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon, const Tensor& mean,
                                         const Tensor& variance);
[[nodiscard]] Variable batch_normalization(const Variable& x, const Variable& gamma,
                                           const Variable& beta, double epsilon, const Tensor& mean,
                                           const Tensor& variance);

/// relu of one of these, or of its sum with `residual`, which has x's shape and dtype or is not
/// defined().   y = max(gamma (x - mean) / sqrt(variance + epsilon) + beta [+ residual], 0)
/// The same bits as the operations one after the other, and fewer passes over memory both ways; no
/// gradient at 0 and at NaN, as of relu. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor batch_normalization_relu(const Tensor& x, const Tensor& gamma,
                                              const Tensor& beta, const Tensor& residual,
                                              double epsilon, BatchMoments& moments);
[[nodiscard]] Variable batch_normalization_relu(const Variable& x, const Variable& gamma,
                                                const Variable& beta, const Variable& residual,
                                                double epsilon, BatchMoments& moments);
[[nodiscard]] Tensor batch_normalization_relu(const Tensor& x, const Tensor& gamma,
                                              const Tensor& beta, const Tensor& residual,
                                              double epsilon, const Tensor& mean,
                                              const Tensor& variance);
[[nodiscard]] Variable batch_normalization_relu(const Variable& x, const Variable& gamma,
                                                const Variable& beta, const Variable& residual,
                                                double epsilon, const Tensor& mean,
                                                const Tensor& variance);

}  // namespace keratin
