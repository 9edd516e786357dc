#include "tensor/text.h"

#include <fmt/format.h>

namespace keratin {
namespace {

constexpr std::int64_t kShown = 6;  // rows or columns of a long axis: the first and the last three

std::string element(const Tensor& x) {
  switch (x.dtype()) {
    case DType::string:
      return fmt::format("\"{}\"", x.strings()[0]);
    case DType::boolean:
      return x.item<bool>() ? "true" : "false";
    case DType::float32:
    case DType::float64:
    case DType::bfloat16:
      return fmt::format("{:.6g}", x.item<double>());
    default:
      return fmt::format("{}", x.item<std::int64_t>());
  }
}

void append(std::string& text, const Tensor& x, std::int64_t depth) {
  if (x.rank() == 0) {
    text += element(x);
    return;
  }
  const std::int64_t rows = x.shape()[0];
  const std::string separator =
      x.rank() == 1 ? ", "
                    : "," + std::string(static_cast<std::size_t>(x.rank() - 1), '\n') +
                          std::string(static_cast<std::size_t>(depth + 1), ' ');
  text += '[';
  for (std::int64_t i = 0; i < rows; ++i) {
    if (i > 0) text += separator;
    if (rows > kShown + 1 && i == kShown / 2) {
      text += "...";
      i = rows - kShown / 2 - 1;
      continue;
    }
    append(text, x[i], depth + 1);
  }
  text += ']';
}

}  // namespace

std::string to_text(const Tensor& x) {
  if (!x.defined()) return "(no tensor)";
  std::string text;
  append(text, x, 0);
  return x.rank() == 0 ? text : fmt::format("{} {}", text, x.spec().text());
}

std::string to_text(const Tensors& x) {
  if (x.single()) return x.none() ? "(none)" : to_text(x.get(0));
  std::string text;
  for (std::int64_t i = 0; i < x.count(); ++i) {
    text += fmt::format("{}{}: {}", i == 0 ? "" : "\n",
                        x.named() ? x.name(i) : fmt::format("{}", i), to_text(x.get(i)));
  }
  return text;
}

namespace detail {
fmt::format_context::iterator TextFormatter::write(std::string_view text,
                                                   fmt::format_context& context) const {
  return fmt::format_to(context.out(), fmt::runtime(fmt::format("{{:{}}}", spec)), text);
}
}  // namespace detail

}  // namespace keratin
