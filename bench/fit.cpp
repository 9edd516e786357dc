// What fit and its callbacks cost, on a model so small that little else counts: two layers of 32
// units on batches of 32. Counters: steps per second, and `cost%`, the median over pairs of runs, in
// turns, of how much longer one with the callbacks takes than one without. What is printed goes to
// /dev/null.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/harness.h"
#include "kernels/parallel.h"
#include "nn/callbacks/csv_logger.h"
#include "nn/callbacks/tensor_board.h"
#include "nn/layers/dense.h"
#include "nn/model/sequential.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace keratin::bench {
namespace {

constexpr std::int64_t kBatch = 32, kSteps = 2000;
constexpr int kEpochs = 2;

class SilentOutput {
 public:
  SilentOutput() : before_(dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
  }
  ~SilentOutput() {
    std::fflush(stdout);
    dup2(before_, STDOUT_FILENO);
    close(before_);
  }
  SilentOutput(const SilentOutput&) = delete;
  SilentOutput& operator=(const SilentOutput&) = delete;

 private:
  int before_;
};

struct Watched {
  const char* name;
  int verbose;
  std::function<std::vector<CallbackRef>(const std::string& folder)> callbacks;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void fit(benchmark::State& state, const Watched& watched) {
  kernels::set_thread_count(1);
  set_random_seed(1);
  Sequential model({Input({.shape = {32}}), layers::Dense({.units = 32, .activation = "relu"}),
                    layers::Dense({.units = 32, .activation = "softmax"})});
  model.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const Tensor x = randn({kBatch * kSteps, 32});
  const Tensor y = argmax(randn({kBatch * kSteps, 32}), {.axis = -1});
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "keratin_bench_fit";
  std::filesystem::create_directories(folder);
  FitOptions bare{.batch_size = kBatch, .epochs = kEpochs, .verbose = 0}, with = bare;
  with.verbose = watched.verbose;
  with.callbacks = watched.callbacks(folder.string());
  std::vector<double> ratios;
  {
    const SilentOutput silent;
    model.fit(x, y, bare);
    for (auto _ : state) {
      const double alone = seconds_of([&] { model.fit(x, y, bare); });
      const double seconds = seconds_of([&] { model.fit(x, y, with); });
      ratios.push_back(seconds / alone);
      state.SetIterationTime(seconds);
    }
  }
  std::filesystem::remove_all(folder);
  state.counters["steps/s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * kSteps * kEpochs), benchmark::Counter::kIsRate);
  std::sort(ratios.begin(), ratios.end());
  state.counters["cost%"] = 100 * (ratios[ratios.size() / 2] - 1);
}

bool add_fit(const Watched& watched) {
  return detail::add_row([watched] {
    const std::string name = std::string("fit/mlp_32_32/batch32/1T/") + watched.name;
    benchmark::RegisterBenchmark(name.c_str(), [watched](benchmark::State& state) {
      fit(state, watched);
    })->UseManualTime();
  });
}

}  // namespace

const bool fit_bare_row = add_fit({"bare", 0, [](auto&) { return std::vector<CallbackRef>(); }});
const bool fit_csv_row = add_fit({"progress_csv", 1, [](const std::string& folder) {
                                    return std::vector<CallbackRef>{
                                        callbacks::CSVLogger({.filename = folder + "/log.csv"})};
                                  }});
const bool fit_tensorboard_row =
    add_fit({"tensorboard", 0, [](const std::string& folder) {
               return std::vector<CallbackRef>{callbacks::TensorBoard({.log_dir = folder})};
             }});
const bool fit_tensorboard_batch_row =
    add_fit({"tensorboard_batch", 0, [](const std::string& folder) {
               return std::vector<CallbackRef>{
                   callbacks::TensorBoard({.log_dir = folder, .update_freq = "batch"})};
             }});

}  // namespace keratin::bench
