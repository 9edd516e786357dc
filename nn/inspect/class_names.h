#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keratin::detail {

/// The names, or "0", "1" ... where none are given. Throws ValueError that begins with `operation`
/// unless there is one a class.
std::vector<std::string> class_names_or_numbers(std::string_view operation,
                                                std::vector<std::string> names,
                                                std::int64_t classes);

}  // namespace keratin::detail
