// Measures where one kernel overtakes another on this machine, and writes it down for programs to
// read at their start (kernels/crossovers.h).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "data/atomic_file.h"
#include "kernels/error.h"
#include "kernels/peak.h"
#include "tools/tune/choice.h"
#include "tools/tune/crossings.h"

namespace {
using namespace keratin;         // NOLINT: a program
using namespace keratin::tools;  // NOLINT

double seconds_of(const std::function<void()>& work, std::int64_t times) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < times; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
         static_cast<double>(times);
}

// The shortest of many turns by turns: what else the machine does only adds.
Sample measured(const Crossing& crossing, int rounds, double slice) {
  const auto times = [&](const std::function<void()>& work) {
    work();
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(slice / seconds_of(work, 1)));
  };
  const std::int64_t small_times = times(crossing.small), large_times = times(crossing.large);
  Sample sample{crossing.value, std::numeric_limits<double>::infinity(),
                std::numeric_limits<double>::infinity()};
  for (int round = 0; round < rounds; ++round) {
    sample.small_seconds = std::min(sample.small_seconds, seconds_of(crossing.small, small_times));
    sample.large_seconds = std::min(sample.large_seconds, seconds_of(crossing.large, large_times));
  }
  return sample;
}

struct Options {
  std::string output;
  bool dry_run = false;
  int rounds = 25;
  double slice = 0.002;  // seconds of one rung in one round
};

std::int64_t tune(const Experiment& experiment, const kernels::Crossover& row, std::int64_t current,
                  const Options& options) {
  fmt::print("{}: {}\n", row.name, row.meaning);
  std::vector<Sample> samples;
  for (const auto& make : experiment.crossings) {
    const Crossing crossing = make();
    const Sample& s = samples.emplace_back(measured(crossing, options.rounds, options.slice));
    fmt::print("{:>14}  {:9.2f} us below, {:9.2f} us above: {:.2f}   {}\n", s.value,
               s.small_seconds * 1e6, s.large_seconds * 1e6, s.small_seconds / s.large_seconds,
               crossing.shape);
    std::fflush(stdout);
  }
  const std::int64_t shift = experiment.up_to ? 1 : 0;
  const std::int64_t best = best_crossover(samples, current + shift);
  const std::int64_t value =
      best == kNever ? row.most : std::clamp(best - shift, row.least, row.most);
  fmt::print("{:>14}  {}\n\n", value,
             value == current ? "as it was" : fmt::format("was {}", current));
  return value;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Measures where one kernel of keratin overtakes another on this machine, with the threads "
      "that KERATIN_THREADS gives, and writes the table that programs read at their start. Best "
      "while nothing else runs.",
      "keratin_tune");
  Options options;
  app.add_option("--output", options.output, "The file to write; default: the one that is read.");
  app.add_flag("--dry-run", options.dry_run, "Only show what would be written.");
  app.add_option("--rounds", options.rounds, "Turns a shape.")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  const std::filesystem::path path =
      options.output.empty() ? kernels::crossovers_path() : std::filesystem::path(options.output);
  if (path.empty() && !options.dry_run)
    throw ValueError(
        "keratin_tune: no file to write: KERATIN_TUNING is empty, or HOME unknown; "
        "name one with --output");
  fmt::print("{}\n\n", kernels::processor_text());
  kernels::Crossovers values = kernels::crossovers();
  for (const Experiment& experiment : experiments()) {
    for (const kernels::Crossover& row : kernels::crossover_table()) {
      if (row.value != experiment.crossover) continue;
      values.*row.value = tune(experiment, row, values.*row.value, options);
    }
  }
  const std::string text = kernels::crossovers_text(values, kernels::processor_name());
  if (options.dry_run) return fmt::print("{}", text), 0;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  data::write_file("keratin_tune", path.string(), text);
  fmt::print("written to {}\n", path.string());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
