#include "bench/peak.h"

#include <fmt/format.h>

#include "kernels/parallel.h"

namespace keratin::bench {

std::string machine_text() {
  const int threads = kernels::thread_count();
  const auto roof = [](const Peak& p) {
    return fmt::format("{:.1f} GFLOP/s, {:.1f} GB/s", p.flops * 1e-9, p.bandwidth * 1e-9);
  };
  return fmt::format("CPU {}, {} MHz\nroof of 1 thread: {}; of {} threads: {}\n",
                     kernels::processor_text(), kernels::clock_text(), roof(peak(1)), threads,
                     roof(peak(threads)));
}

}  // namespace keratin::bench
