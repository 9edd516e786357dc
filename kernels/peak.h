// What this machine can do at best, measured when first asked for: the roof of benchmarks and
// traces.
#pragma once

#include <cstddef>
#include <string>

namespace keratin::kernels {

/// One roof: float32 FLOP/s of independent fused multiply-adds, and bytes/s of a triad
/// (a = b + s * c), for data in memory (three arrays of 64 MiB; the better of plain and
/// non-temporal stores) and for data that fit into the caches.
struct Peak {
  double flops = 0;
  double bandwidth = 0;
  double outer_cache_bytes = 0, outer_cache_bandwidth = 0;  // the last level
  double inner_cache_bytes = 0, inner_cache_bandwidth = 0;  // the second, of all threads together

  /// The rate for an operation that touches so many bytes.
  double bandwidth_for(double bytes) const {
    if (bytes <= inner_cache_bytes) return inner_cache_bandwidth;
    return bytes <= outer_cache_bytes ? outer_cache_bandwidth : bandwidth;
  }
};

/// The roof of so many threads, measured at the first call for about half a second. Not while
/// kernels run on other threads, unless `threads` is what keratin uses at the time.
const Peak& peak(int threads);

/// The instruction set that kernels with vectors use on this machine, such as "AVX2".
std::string instruction_set();

/// The name of the processor and the instruction set: "AMD EPYC 7763, AVX2".
std::string processor_name();

/// processor_name(), and how many threads keratin uses.
std::string processor_text();

/// The clock as the system tells it, in MHz, or "unknown".
std::string clock_text();

}  // namespace keratin::kernels
