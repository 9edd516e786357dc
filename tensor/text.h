// The text form of shapes and tensors, for fmt.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "tensor/several.h"
#include "tensor/tensor.h"

namespace keratin {

/// A tensor as NumPy prints it: nested brackets, at most 6 rows and columns of large ones, then
/// shape and dtype.
std::string to_text(const Tensor& x);
/// Several: one block each, under their names.
std::string to_text(const Tensors& x);

namespace detail {
/// Formats a text as fmt does strings, without fmt/format.h in this header. (Not derived from fmt's
/// formatter of strings, which some versions of fmt complete in that header only.)
struct TextFormatter {
  std::string_view spec;  // what stands between ':' and '}', such as ">20"

  constexpr auto parse(fmt::format_parse_context& context) {
    auto end = context.begin();
    while (end != context.end() && *end != '}') ++end;
    spec = {context.begin(), static_cast<std::size_t>(end - context.begin())};
    return end;
  }
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
