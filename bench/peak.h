// What this machine can do at best, measured at start-up: the roof of every benchmark.
#pragma once

#include <string>

#include "kernels/peak.h"

namespace keratin::bench {

using kernels::Peak;
using kernels::peak;

/// Processor, instruction set, threads and clock on one line, both roofs on the next.
std::string machine_text();

}  // namespace keratin::bench
