// What sum, mean, max, min, all, any and argmax share.
#pragma once

#include <string_view>

#include "kernels/reduce/reduce.h"
#include "tensor/reduce_options.h"
#include "tensor/tensor.h"

namespace keratin::detail {

/// `x` without the axes of a reduction, or with size 1 there.
Shape reduced_shape(std::string_view name, const Shape& x, const ReduceOptions& options);
/// The same with size 1 there, whatever `keepdims` says.
Shape kept_shape(std::string_view name, const Shape& x, const ReduceOptions& options);
/// How many elements go into one.
std::int64_t reduced_count(std::string_view name, const Shape& x, const ReduceOptions& options);

/// y = the reduction of x; y has reduced_shape and x's dtype, or is float32 where x is bfloat16.
void reduce_into(std::string_view name, kernels::Reduction op, const Tensor& x, Tensor& y,
                 const ReduceOptions& options);

}  // namespace keratin::detail
