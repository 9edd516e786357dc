// The text form of shapes and tensors, for fmt.
#pragma once

#include <fmt/format.h>  // not core.h: some versions have no formatter of strings there

#include <string>

#include "tensor/several.h"
#include "tensor/tensor.h"

namespace keratin {

/// A tensor as NumPy prints it: nested brackets, at most 6 rows and columns of large ones, then
/// shape and dtype.
std::string to_text(const Tensor& x);
/// Several: one block each, under their names.
std::string to_text(const Tensors& x);

namespace detail {
/// Formats a text as fmt does strings, without fmt/format.h in this header.
struct TextFormatter : fmt::formatter<std::string_view> {
  fmt::format_context::iterator write(std::string_view text, fmt::format_context& context) const;
};
}  // namespace detail

}  // namespace keratin

template <>
struct fmt::formatter<keratin::Shape> : keratin::detail::TextFormatter {
  auto format(const keratin::Shape& value, fmt::format_context& context) const {
    return write(value.text(), context);
  }
};
template <>
struct fmt::formatter<keratin::Tensor> : keratin::detail::TextFormatter {
  auto format(const keratin::Tensor& value, fmt::format_context& context) const {
    return write(keratin::to_text(value), context);
  }
};
template <>
struct fmt::formatter<keratin::Tensors> : keratin::detail::TextFormatter {
  auto format(const keratin::Tensors& value, fmt::format_context& context) const {
    return write(keratin::to_text(value), context);
  }
};
template <>
struct fmt::formatter<keratin::DType> : keratin::detail::TextFormatter {
  auto format(keratin::DType value, fmt::format_context& context) const {
    return write(keratin::name_of(value), context);
  }
};
