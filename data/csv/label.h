#pragma once

#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace keratin::data::detail {

/// Throws DTypeError where labels are texts, ValueError where one is missing; `where` is the
/// function, and `rows_before` how many rows came before these.
void require_label(const std::string& where, const std::string& label, const Tensor& y,
                   std::int64_t rows_before);

}  // namespace keratin::data::detail
