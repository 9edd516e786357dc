#include "nn/inspect/class_names.h"

#include <fmt/format.h>

#include "kernels/error.h"

namespace keratin::detail {

std::vector<std::string> class_names_or_numbers(std::string_view operation,
                                                std::vector<std::string> names,
                                                std::int64_t classes) {
  if (names.empty()) {
    for (std::int64_t c = 0; c < classes; ++c) names.push_back(fmt::format("{}", c));
  }
  if (static_cast<std::int64_t>(names.size()) != classes) {
    throw ValueError(fmt::format("{}: {} class_names for {} classes; expected one a class",
                                 operation, names.size(), classes));
  }
  return names;
}

}  // namespace keratin::detail
