// What this machine can do at best, measured at start-up: the roof of every benchmark.
#pragma once

#include <string>

namespace keratin::bench {

/// One roof: float32 FLOP/s of independent fused multiply-adds, and bytes/s of a triad
/// (a = b + s * c, three arrays of 64 MiB; the better of plain and non-temporal stores).
struct Peak {
  double flops = 0;
  double bandwidth = 0;
};

/// The roof of one thread (`threads` = 1), or of all that keratin uses. Measured at the first call,
/// about half a second.
const Peak& peak(int threads);

/// Processor, instruction set, threads and clock on one line, both roofs on the next.
std::string machine_text();

}  // namespace keratin::bench
