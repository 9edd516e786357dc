#pragma once

#include "autograd/variable.h"

namespace keratin {

/// What batch_normalization found: mean and biased variance over all axes but the last, [channels].
struct BatchMoments {
  Tensor mean, variance;
};

/// Normalizes each channel by its own batch.
///   y = gamma (x - mean x) / sqrt(var x + epsilon) + beta
/// x: [..., channels], f32 or f64, at least one row; gamma, beta: [channels], or not defined() for
/// 1 and 0. The batch's moments are left in `moments`. Throws ShapeError, DTypeError. Source: Ioffe
/// and Szegedy 2015, algorithm 1.
[[nodiscard]] Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon, BatchMoments& moments);
[[nodiscard]] Variable batch_normalization(const Variable& x, const Variable& gamma,
                                           const Variable& beta, double epsilon,
                                           BatchMoments& moments);

/// The same with given moments, [channels] each, as at inference: composed of differentiable
/// operations.
[[nodiscard]] Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon, const Tensor& mean,
                                         const Tensor& variance);
[[nodiscard]] Variable batch_normalization(const Variable& x, const Variable& gamma,
                                           const Variable& beta, double epsilon, const Tensor& mean,
                                           const Tensor& variance);

}  // namespace keratin
