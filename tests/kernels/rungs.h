// What the tests of the kernels' rooms share: walks over ladders, sizes around vectors and pieces,
// awkward numbers, runs on several thread counts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/parallel.h"
#include "kernels/run.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/support.h"

namespace keratin::tests {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The rungs of a ladder on the emulated GPU, as functions of the CPU's type.
template <class Fn>
class EmulatedRung;
template <class... Args>
class EmulatedRung<void (*)(Args...)> {
 public:
  using Function = void (*)(Args...);
  explicit EmulatedRung(kernels::OnStream<Function> target) { target_ = target; }
  static void call(Args... args) {
    const kernels::Stream stream = emulated_gpu().stream(0);
    target_(args..., stream);
    emulated_gpu().synchronize(stream);
  }

 private:
  static inline thread_local kernels::OnStream<Function> target_ = nullptr;
};

/// Which rungs for CUDA: those as exact as the dtype; of them those that take infinities as the CPU
/// does; those of TF32.
enum class Emulated : std::uint8_t { exact, with_infinities, tf32 };

/// Calls `check(function)` for every rung for CUDA that applies to the shape, on the emulation: in
/// all orders of threads where the shape is small, one order after the other where it is not, and
/// not at all where it is large.
template <class Fn, std::size_t N, class Check>
void for_each_emulated_rung(const kernels::Ladder<Fn, N>& ladder, const kernels::ShapeOf<Fn>& shape,
                            Check check, Emulated which = Emulated::exact) {
  using kernels::Taken;
  const auto is_meant = [&](const kernels::CudaRung<Fn>& rung) {
    if (which == Emulated::tf32) return rung.is_tf32();
    return rung.taken == Taken::always ||
           (rung.taken == Taken::by_hand && which == Emulated::exact);
  };
  const kernels::Cost cost = ladder.cost(shape);
  if (cost.flops > 4e6 || cost.bytes > 1e6) return;
  const kernels::BoundRungs bound = emulated_rungs(&ladder);
  const auto* const rungs = static_cast<const kernels::CudaRung<Fn>*>(bound.rungs);
  for (std::size_t i = 0; i < bound.count; ++i) {
    if (!rungs[i].can_take(shape, emulated_gpu().stream(0)) || !is_meant(rungs[i])) continue;
    if (has_had_its_share(&rungs[i], cost.flops > 2e5 || cost.bytes > 5e4)) continue;
    const OnAccountOf rung_i(&rungs[i]);
    const int orders = cost.flops < 2e3 && cost.bytes < 2e4 ? 3 : 1;
    for (int k = 0; k < orders; ++k) {
      const auto order = use_next_emulated_order();
      INFO(std::string(ladder.op), " emulated cuda ", std::string(rungs[i].name), " ",
           kernels::detail::shape_text(shape), ", threads ", std::string(order));
      EmulatedRung<Fn> rung(rungs[i].function);
      check(&EmulatedRung<Fn>::call);
    }
  }
}

/// Calls `f(function)` with the ladder's rung of this name on the emulation; not on a GPU that cannot
/// run it.
template <class Fn, std::size_t N, class F>
void with_emulated_rung(const kernels::Ladder<Fn, N>& ladder, const std::string& name, F f) {
  const kernels::BoundRungs bound = emulated_rungs(&ladder);
  const auto* const rungs = static_cast<const kernels::CudaRung<Fn>*>(bound.rungs);
  const auto* const rung =
      std::find_if(rungs, rungs + bound.count, [&](const auto& one) { return one.name == name; });
  REQUIRE(rung != rungs + bound.count);
  if (rung->runs_on != nullptr && !rung->runs_on(emulated_gpu().stream(0))) {
    REQUIRE(on_real_gpu());
    MESSAGE("this GPU cannot run \"" << name << "\"");
    return;
  }
  const EmulatedRung<Fn> target(rung->function);
  f(&EmulatedRung<Fn>::call);
}

/// Calls `check(function)` for every rung that applies to the shape, and those for CUDA; a failure
/// names it.
template <class Fn, std::size_t N, class Check>
void for_each_rung(const kernels::Ladder<Fn, N>& ladder, const kernels::ShapeOf<Fn>& shape,
                   Check check, Emulated which = Emulated::exact) {
  for (const auto& rung : ladder.rungs) {
    if (!rung.applies(shape) || (only_emulated_rungs() && &rung != ladder.rungs.data())) continue;
    INFO(std::string(ladder.op), " ", std::string(rung.name), " ",
         kernels::detail::shape_text(shape));
    check(rung.function);
  }
  for_each_emulated_rung(ladder, shape, check, which);
}

/// Some number of threads until the end of scope.
class Threads {
 public:
  explicit Threads(int count) : before_(kernels::thread_count()) {
    kernels::set_thread_count(count);
  }
  ~Threads() { kernels::set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// `compute()` gives a vector; it must be the same to the bit on 1, 2 and 4 threads.
template <class Compute>
void check_same_bits_on_all_threads(Compute compute) {
  if (only_emulated_rungs()) return;  // these are threads of the CPU
  const Threads restore(1);
  const auto on_one = compute();
  for (const int threads : {2, 4}) {
    CAPTURE(threads);
    kernels::set_thread_count(threads);
    CHECK(same_bits(on_one, compute()));
  }
}

/// Around vectors of 4, 8 and 16 lanes, four of them, and pieces of work; 0 and primes too.
inline const std::vector<std::int64_t> kSizes = {
    0,  1,  2,  3,  4,   5,   7,    8,    9,     15,    16,    17,    31,    32,
    33, 63, 64, 65, 127, 129, 1009, 4096, 32767, 32768, 32769, 65537, 200003};

/// Floats that break careless kernels.
inline std::vector<float> awkward_values() {
  return {0.0f,
          -0.0f,
          kNaN,
          kInf,
          -kInf,
          1e-45f,
          -1e-45f,
          1e-40f,
          -1e-40f,
          1.17549435e-38f,
          -1.17549435e-38f,
          1e-20f,
          -1e-20f,
          5.96e-8f,
          -5.96e-8f,
          0.25f,
          -0.25f,
          0.5f,
          -0.5f,
          0.99999994f,
          1.0f,
          -1.0f,
          1.0000001f,
          1.5f,
          -1.5f,
          2.5f,
          -2.5f,
          0.41f,
          -0.29f,
          10.0f,
          -10.0f,
          17.0f,
          -17.0f,
          88.0f,
          -88.0f,
          88.7228f,
          89.0f,
          -87.4f,
          -89.0f,
          -103.9f,
          -104.0f,
          105.0f,
          -105.0f,
          1e4f,
          -1e4f,
          8388609.0f,
          -8388609.0f,
          2147483648.0f,
          -2147483648.0f,
          1e20f,
          -1e20f,
          3.4e38f,
          -3.4e38f};
}

/// `count` normal numbers times `scale`, with the awkward ones strewn in from `first` on.
inline std::vector<float> awkward_mixture(std::int64_t count, std::uint64_t seed,
                                          double scale = 3) {
  std::vector<float> values = normal_values<float>(count, seed, scale);
  const auto awkward = awkward_values();
  std::mt19937_64 random(seed + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (random() % 3 == 0) values[i] = awkward[random() % awkward.size()];
  }
  return values;
}

/// Distance in units of the last place that a float of this size has.
inline double ulps(float actual, double expected) {
  if (std::isnan(actual) && std::isnan(expected)) return 0;
  if (actual == static_cast<float>(expected)) return 0;  // infinities too; at most half a unit
  const double unit = std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23);
  const double error = std::fabs(static_cast<double>(actual) - expected) / unit;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace keratin::tests
