// The text form of variables, for fmt: that of their values.
#pragma once

#include "autograd/variable.h"
#include "tensor/text.h"

template <>
struct fmt::formatter<keratin::Variable> : fmt::formatter<keratin::Tensor> {
  auto format(const keratin::Variable& value, fmt::format_context& context) const {
    return fmt::formatter<keratin::Tensor>::format(
        value.defined() ? value.value() : keratin::Tensor(), context);
  }
};
template <>
struct fmt::formatter<keratin::Variables> : fmt::formatter<keratin::Tensors> {
  auto format(const keratin::Variables& values, fmt::format_context& context) const {
    return fmt::formatter<keratin::Tensors>::format(
        values.map([](const keratin::Variable& v) { return v.value(); }), context);
  }
};
