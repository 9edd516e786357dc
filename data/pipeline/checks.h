// What Dataset's operations check of their arguments.
#pragma once

#include <fmt/format.h>

#include <cstdint>

#include "kernels/error.h"

namespace keratin::data::detail {

inline void require_at_least(std::int64_t least, const char* what, std::int64_t given,
                             const char* also = "") {
  if (given < least)
    throw ValueError(fmt::format("{} is {}; expected {} or more{}", what, given, least, also));
}

template <class F>
void require_function(const char* what, const F& f) {
  if (f == nullptr) throw ValueError(fmt::format("{}: the function is empty", what));
}

}  // namespace keratin::data::detail
