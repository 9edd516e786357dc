// Benchmarks of kernels: one row a ladder, every rung of it timed on a list of shapes.
//
// A row, bench/kernels/softmax.cpp, in full:
//
//   #include "bench/harness.h"
//   #include "kernels/softmax/softmax.h"
//
//   namespace keratin::bench {
//   const bool softmax_row = add_ladder(
//       kernels::softmax_ladder<float>, {{64, 10}, {128, 1000}, {4096, 4096}},
//       [](Buffers& b, const kernels::SoftmaxShape& s) {
//         return std::tuple(b.input<float>(s.rows * s.cols), b.output<float>(s.rows * s.cols));
//       });
//   }  // namespace keratin::bench
//
// The function makes the kernel's arguments, all but the last (the shape), in their order. Buffers:
//   b.input<T>(count, scale = 1)    const T*, normal random numbers times scale (integers: 0 to 9)
//   b.indices<T>(count, below)      const T*, uniform random integers in [0, below)
//   b.output<T>(count)              T*, zeros; compared with the reference rung before timing
//   b.inout<T>(count, scale = 1)    T*, random; compared too (weights that an optimizer updates)
//   b.scratch<T>(count)             T*, zeros; not compared
// Anything else in the tuple is handed on as it is (an Epilogue by value, a nullptr, a float).
// Options, last: {.tolerance = 1e-4, .cold = false}. An output may differ from the reference's by
// tolerance * (rms of the reference + |element|). cold = true rotates among as many sets of buffers
// as exceed the caches, and the names end in /cold; otherwise the same buffers are used every time.
//
// Every rung that applies becomes `op/rung/shape/1T`, and all but the reference `.../nT`, n = all
// threads. The reference is timed, and others checked against it, where it takes under a second or
// so. Counters, from the ladder's cost(): FLOP/s, bytes/s and %peak, the share of the roof
// min(peak FLOP/s, intensity * bandwidth) measured at start-up (peak.h). Bandwidth is memory's: a
// hot row that lives in the caches can pass 100 %.
//
// On a GPU (make gpu-bundle), KERATIN_TEST_GPU=1 has the rungs of the CUDA ladders timed instead, as
// `op/cuda_rung/shape`.
//
// Flags are Google Benchmark's: --benchmark_filter=gemm/simd --benchmark_repetitions=9
// --benchmark_report_aggregates_only=true gives medians and spread.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/bfloat16.h"
#include "kernels/device_run.h"
#include "kernels/parallel.h"
#include "kernels/run.h"

namespace keratin::bench {

/// The memory of one call of a kernel; lives as long as the shape is being timed.
class Buffers {
 public:
  /// Buffers with the same `copy` hold the same numbers.
  explicit Buffers(std::uint64_t copy = 0) : generator_(0x6b657261u + copy) {}

  template <class T>
  const T* input(std::int64_t count, double scale = 1) {
    return random<T>(count, scale);
  }
  template <class T>
  const T* indices(std::int64_t count, std::int64_t below) {
    T* const data = zeros<T>(count);
    std::uniform_int_distribution<std::int64_t> uniform(0, below - 1);
    for (std::int64_t i = 0; i < count; ++i) data[i] = static_cast<T>(uniform(generator_));
    return data;
  }
  template <class T>
  T* output(std::int64_t count) {
    T* const data = zeros<T>(count);
    outputs_.push_back([data, count](std::vector<double>& to) { assign(data, count, to); });
    return data;
  }
  template <class T>
  T* scratch(std::int64_t count) {
    return zeros<T>(count);
  }
  template <class T>
  T* inout(std::int64_t count, double scale = 1) {
    T* const data = random<T>(count, scale);
    outputs_.push_back([data, count](std::vector<double>& to) { assign(data, count, to); });
    return data;
  }

  /// What the outputs hold now, one list an output.
  std::vector<std::vector<double>> outputs() const;
  std::int64_t bytes() const { return bytes_; }

 private:
  template <class T>
  static void assign(const T* data, std::int64_t count, std::vector<double>& to) {
    to.assign(data, data + count);
  }
  static void assign(const kernels::BFloat16* data, std::int64_t count, std::vector<double>& to) {
    to.clear();
    for (std::int64_t i = 0; i < count; ++i) to.push_back(kernels::to_float(data[i]));
  }
  template <class T>
  T* zeros(std::int64_t count) {
    void* const data = allocate(count * static_cast<std::int64_t>(sizeof(T)));
    return static_cast<T*>(data);
  }
  template <class T>
  T* random(std::int64_t count, double scale) {
    T* const data = zeros<T>(count);
    if constexpr (std::is_integral_v<T>) {
      std::uniform_int_distribution<int> uniform(0, 9);
      for (std::int64_t i = 0; i < count; ++i) data[i] = static_cast<T>(uniform(generator_));
    } else {
      std::normal_distribution<float> normal(0, static_cast<float>(scale));
      for (std::int64_t i = 0; i < count; ++i) {
        if constexpr (std::is_same_v<T, kernels::BFloat16>) {
          data[i] = kernels::to_bfloat16(normal(generator_));
        } else {
          data[i] = static_cast<T>(normal(generator_));
        }
      }
    }
    return data;
  }
  void* allocate(std::int64_t bytes);  // zeroed, 64-byte aligned

  struct Free {
    void operator()(void* p) const;
  };
  std::minstd_rand generator_;
  std::vector<std::unique_ptr<void, Free>> memory_;
  std::vector<std::function<void(std::vector<double>&)>> outputs_;
  std::int64_t bytes_ = 0;
};

struct RowOptions {
  double tolerance = 1e-4;
  bool cold = false;
};

namespace detail {
/// Registers `row` with Google Benchmark once main runs.
bool add_row(std::function<void()> row);
/// "[64, 10]" -> "64x10": names without spaces.
std::string name_part(std::string text);
bool reference_affordable(const kernels::Cost& cost);
void set_counters(benchmark::State& state, const kernels::Cost& cost, int threads,
                  double seconds);  // of all iterations
/// "" where all outputs agree, else the worst element in words.
std::string difference(const Buffers& actual, const Buffers& expected, double tolerance);
/// How many sets of buffers exceed the caches.
std::int64_t cold_sets(std::int64_t bytes);

// One rung on one shape, for all thread counts, repetitions and iteration counts.
template <class Fn, class Make>
class Case {
 public:
  using Shape = kernels::ShapeOf<Fn>;
  Case(Fn reference, Fn function, kernels::Cost cost, Shape shape, Make make, RowOptions options)
      : reference_(reference),
        function_(function),
        cost_(cost),
        shape_(shape),
        make_(make),
        options_(options) {}

  void run(benchmark::State& state, int threads) {
    kernels::set_thread_count(threads);
    if (!checked_) error_ = check();
    checked_ = true;
    if (!error_.empty()) {
      state.SkipWithError(error_.c_str());
      return;
    }
    std::vector<std::unique_ptr<Buffers>> sets;
    std::vector<decltype(make_(std::declval<Buffers&>(), shape_))> calls;
    std::int64_t wanted = 1;
    for (std::int64_t i = 0; i < wanted; ++i) {
      sets.push_back(std::make_unique<Buffers>());
      calls.push_back(make_(*sets.back(), shape_));
      if (options_.cold) wanted = cold_sets(sets.back()->bytes());
    }
    for (const auto& arguments : calls) call(function_, arguments);  // warm-up
    std::size_t next = 0;
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
      call(function_, calls[next]);
      benchmark::ClobberMemory();
      if (++next == calls.size()) next = 0;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    set_counters(state, cost_, threads, taken.count());
  }

 private:
  template <class Arguments>
  void call(Fn function, const Arguments& arguments) {
    std::apply([&](const auto&... each) { function(each..., shape_); }, arguments);
  }
  std::string check() {
    if (function_ == reference_ || !reference_affordable(cost_)) return "";
    Buffers expected, actual;
    call(reference_, make_(expected, shape_));
    call(function_, make_(actual, shape_));
    return difference(actual, expected, options_.tolerance);
  }

  Fn reference_, function_;
  kernels::Cost cost_;
  Shape shape_;
  Make make_;
  RowOptions options_;
  bool checked_ = false;
  std::string error_;
};

// One rung of a GPU: 20 launches for each wait, as programs do, and events would take out of the
// time what launches cost. The memory is managed, and lies on the GPU once the warm-up was there.
template <class Fn, class Make>
class GpuCase {
 public:
  using Shape = kernels::ShapeOf<Fn>;
  GpuCase(Fn reference, kernels::OnStream<Fn> function, kernels::Cost cost, Shape shape, Make make,
          RowOptions options)
      : reference_(reference),
        function_(function),
        cost_(cost),
        shape_(shape),
        make_(make),
        options_(options) {}

  void run(benchmark::State& state) {
    const kernels::Stream stream = kernels::accelerator()->stream(0);
    if (reference_affordable(cost_)) {
      Buffers expected, actual;
      std::apply([&](const auto&... each) { reference_(each..., shape_); },
                 make_(expected, shape_));
      launch(make_(actual, shape_), stream);
      kernels::accelerator()->synchronize(stream);
      const std::string error = difference(actual, expected, options_.tolerance);
      if (!error.empty()) {
        state.SkipWithError(error.c_str());
        return;
      }
    }
    Buffers buffers;
    const auto arguments = make_(buffers, shape_);
    for (int i = 0; i < 3; ++i) launch(arguments, stream);
    kernels::accelerator()->synchronize(stream);
    constexpr int kLaunches = 20;
    while (state.KeepRunningBatch(kLaunches)) {
      for (int i = 0; i < kLaunches; ++i) launch(arguments, stream);
      kernels::accelerator()->synchronize(stream);
    }
    const auto rate = benchmark::Counter::kIsIterationInvariantRate;
    if (cost_.flops > 0) state.counters["FLOP/s"] = benchmark::Counter(cost_.flops, rate);
    if (cost_.bytes > 0) state.counters["bytes/s"] = benchmark::Counter(cost_.bytes, rate);
  }

 private:
  template <class Arguments>
  void launch(const Arguments& arguments, const kernels::Stream& stream) {
    std::apply([&](const auto&... each) { function_(each..., shape_, stream); }, arguments);
  }

  Fn reference_;
  kernels::OnStream<Fn> function_;
  kernels::Cost cost_;
  Shape shape_;
  Make make_;
  RowOptions options_;
};

/// With KERATIN_TEST_GPU=1, in a build with CUDA: are the rungs of GPUs timed, in place of the CPU's?
bool on_gpu();
}  // namespace detail

/// Adds a row; see the top of this file. On GPUs some more shapes, past their caches. Returns true,
/// for the initialiser of a constant.
template <class Fn, std::size_t N, class Make>
bool add_ladder(const kernels::Ladder<Fn, N>& ladder, std::vector<kernels::ShapeOf<Fn>> shapes,
                Make make, RowOptions options = {},
                std::vector<kernels::ShapeOf<Fn>> on_gpus = {}) {
  return detail::add_row([=, place = &ladder] {
    const int all = kernels::thread_count();
    auto timed = shapes;
    if (detail::on_gpu()) timed.insert(timed.end(), on_gpus.begin(), on_gpus.end());
    for (const auto& shape : timed) {
      const kernels::Cost cost = ladder.cost(shape);
      if (detail::on_gpu()) {
        for (const auto& rung : kernels::detail::device_rungs<Fn>(place)) {
          if (!rung.can_take(shape, kernels::accelerator()->stream(0))) continue;
          RowOptions here = options;
          if (rung.is_tf32()) here.tolerance = 0.01;
          const auto one = std::make_shared<detail::GpuCase<Fn, Make>>(
              ladder.rungs[0].function, rung.function, cost, shape, make, here);
          const std::string name = std::string(ladder.op) + "/cuda_" + rung.name + '/' +
                                   detail::name_part(kernels::detail::shape_text(shape));
          benchmark::RegisterBenchmark(name.c_str(), [one](benchmark::State& state) {
            one->run(state);
          })->UseRealTime();
        }
        continue;
      }
      for (const auto& rung : ladder.rungs) {
        const bool reference = &rung == &ladder.rungs[0];
        if (!rung.applies(shape) || (reference && !detail::reference_affordable(cost))) continue;
        const auto one = std::make_shared<detail::Case<Fn, Make>>(
            ladder.rungs[0].function, rung.function, cost, shape, make, options);
        for (int threads = 1;; threads = all) {
          const std::string name = std::string(ladder.op) + '/' + rung.name + '/' +
                                   detail::name_part(kernels::detail::shape_text(shape)) + '/' +
                                   std::to_string(threads) + 'T' + (options.cold ? "/cold" : "");
          benchmark::RegisterBenchmark(name.c_str(), [one, threads](benchmark::State& state) {
            one->run(state, threads);
          })->UseRealTime();
          if (threads == all || reference) break;
        }
      }
    }
  });
}

}  // namespace keratin::bench
