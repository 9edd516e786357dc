#pragma once

#include <chrono>

namespace keratin {

/// Seconds since a moment that stays the same while the program runs.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace keratin
