#pragma once

#include <cstdint>

namespace keratin::kernels {

/// Another number after each set_kernel_choice (kernels/run.h): for what was chosen once and is
/// used again.
std::uint64_t kernel_choice_version();

}  // namespace keratin::kernels
