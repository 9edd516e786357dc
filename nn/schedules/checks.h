// What schedules ask of their options.
#pragma once

#include <cstdint>

namespace keratin::optimizers::schedules {

/// Throws ValueError unless it is a finite number of at least 0.
void require_not_negative(const char* schedule, const char* option, double value);
/// Throws ValueError unless it is at least 1.
void require_steps(const char* schedule, const char* option, std::int64_t value);

}  // namespace keratin::optimizers::schedules
