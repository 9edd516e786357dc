#pragma once

#include <string>

#include "autograd/ops/mean.h"

namespace keratin::losses {

inline std::string name_or(const std::string& given, const char* otherwise) {
  return given.empty() ? otherwise : given;
}

/// The mean over the last axis; values of rank 1 are the samples' own.
inline Variable over_last_axis(const Variable& values) {
  return values.rank() <= 1 ? values : mean(values, {.axis = -1});
}

}  // namespace keratin::losses
