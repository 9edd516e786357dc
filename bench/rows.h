#pragma once

namespace keratin::bench {

/// Hands every row that was added before main to Google Benchmark.
void register_rows();

}  // namespace keratin::bench
