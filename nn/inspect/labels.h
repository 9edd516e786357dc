#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::detail {

/// Labels of any integer type, [N] or [N, 1]. Throws ValueError, DTypeError or ShapeError naming
/// the operation and the argument.
std::vector<std::int64_t> labels_of(std::string_view operation, std::string_view name,
                                    const Tensor& y);

}  // namespace keratin::detail
