#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/peak.h"
#include "bench/rows.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  fmt::print(stderr, "{}", keratin::bench::machine_text());
  keratin::bench::register_rows();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
