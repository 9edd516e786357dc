#pragma once

#include <string>

namespace keratin::kernels {

/// What the user should know of a processor on which kernels are slow; "" of any other.
std::string processor_warning();

}  // namespace keratin::kernels
