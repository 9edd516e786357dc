#pragma once

#include "autograd/variable.h"

namespace keratin {

struct MatmulOptions {
  bool transpose_a = false;  // takes a as [..., K, M]
  bool transpose_b = false;  // takes b as [..., N, K]
};

/// Matrix product over the last two axes; leading axes are broadcast.   y = op(a) op(b)
/// a: [..., M, K], b: [..., K, N], f32, f64, bf16.  Result: [..., M, N], same dtype; a Variable for
/// a Variable. Throws ShapeError (rank under 2, inner sizes or leading axes that do not fit),
/// DTypeError.
///
///     const Tensor y = matmul(x, w);                              // [B, K] [K, N] -> [B, N]
///     const Tensor scores = matmul(q, k, {.transpose_b = true});  // [B, H, T, C] -> [B, H, T, T]
[[nodiscard]] Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options = {});
[[nodiscard]] Variable matmul(const Variable& a, const Variable& b, MatmulOptions options = {});

}  // namespace keratin
