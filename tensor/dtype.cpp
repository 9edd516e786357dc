#include "tensor/dtype.h"

#include <fmt/format.h>

#include "tensor/named.h"

namespace keratin {

DType dtype_from_name(std::string_view name) {
  std::vector<std::string> known;
  for (int i = 0; i <= static_cast<int>(DType::string); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (name_of(dtype) == name) return dtype;
    known.emplace_back(name_of(dtype));
  }
  throw DTypeError(fmt::format("dtype: unknown name \"{}\"{}", name, name_hint(name, known)));
}

namespace detail {
void throw_not_dispatched(std::string_view what, DType dtype, std::string_view expected) {
  throw DTypeError(fmt::format("{}: not defined for {}; expected {}. Use cast(x, float32) first.",
                               what, name_of(dtype), expected));
}
}  // namespace detail

}  // namespace keratin
