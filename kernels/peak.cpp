#include "kernels/peak.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#ifdef __linux__
#include <unistd.h>
#endif

#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// 12 chains hide the latency of every current core (2 units of 4 or 5 cycles) and fit 16 registers.
constexpr int kChains = 12;

// `steps` fused multiply-adds on each chain; gives back the FLOPs done.
double FmaChains(std::int64_t steps, float scale, float* sink) {
  const hn::ScalableTag<float> d;
  hn::Vec<hn::ScalableTag<float>> sums[kChains];
  KERATIN_UNROLL
  for (int i = 0; i < kChains; ++i) sums[i] = hn::Set(d, scale * static_cast<float>(i));
  const auto factor = hn::Set(d, scale), term = hn::Set(d, 1e-3f);
  for (std::int64_t step = 0; step < steps; ++step) {
    KERATIN_UNROLL
    for (int i = 0; i < kChains; ++i) sums[i] = hn::MulAdd(sums[i], factor, term);
  }
  auto total = sums[0];
  KERATIN_UNROLL
  for (int i = 1; i < kChains; ++i) total = hn::Add(total, sums[i]);
  *sink = hn::GetLane(hn::SumOfLanes(d, total));
  return 2.0 * static_cast<double>(steps) * kChains * static_cast<double>(hn::Lanes(d));
}

// a = b + 3 c; count is a multiple of the lanes, pointers are aligned.
void Triad(float* HWY_RESTRICT a, const float* HWY_RESTRICT b, const float* HWY_RESTRICT c,
           std::int64_t count, bool streamed) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto three = hn::Set(d, 3.0f);
  if (streamed) {
    for (std::int64_t i = 0; i < count; i += lanes) {
      hn::Stream(hn::MulAdd(three, hn::Load(d, c + i), hn::Load(d, b + i)), d, a + i);
    }
    hwy::FlushStream();
  } else {
    for (std::int64_t i = 0; i < count; i += lanes) {
      hn::Store(hn::MulAdd(three, hn::Load(d, c + i), hn::Load(d, b + i)), d, a + i);
    }
  }
}

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels {
HWY_EXPORT(FmaChains);
HWY_EXPORT(Triad);
HWY_EXPORT(TargetName);

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The shortest of `repeats` runs: a neighbour on the machine only ever makes one longer.
template <class F>
double shortest(int repeats, const F& run) {
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    const double start = now();
    run();
    best = std::min(best, now() - start);
  }
  return best;
}

double measure_flops(int threads) {
  constexpr std::int64_t kSteps = 200'000;  // about 0.6 ms
  volatile float scale = 0.5f;
  double flops = 0;
  const double seconds = shortest(100, [&] {
    parallel_for(threads, 1, [&](std::int64_t, std::int64_t last) {
      float sink = 0;
      const double done = HWY_DYNAMIC_DISPATCH(FmaChains)(kSteps, scale, &sink);
      volatile float keep = sink;
      (void)keep;
      if (last == threads) flops = done * threads;
    });
  });
  return flops / seconds;
}

struct Free {
  void operator()(float* p) const { ::operator delete(p, std::align_val_t(64)); }
};
using Floats = std::unique_ptr<float, Free>;

Floats floats(std::int64_t count) {
  return Floats(static_cast<float*>(
      ::operator new(static_cast<std::size_t>(count) * sizeof(float), std::align_val_t(64))));
}

// Of a triad over `bytes` in all, each piece by the thread that took it.
double measure_bandwidth(double bytes, int threads, bool with_streams) {
  constexpr std::int64_t kMost = 64 << 10;  // floats a piece
  const std::int64_t wanted =
      std::max<std::int64_t>(1024, static_cast<std::int64_t>(bytes / 3 / sizeof(float)));
  const std::int64_t piece = std::min(kMost, (wanted / threads + 255) / 256 * 256);
  const std::int64_t count = (wanted + piece - 1) / piece * piece;
  const Floats a = floats(count), b = floats(count), c = floats(count);
  parallel_for(count, piece, [&](std::int64_t first, std::int64_t last) {
    for (float* p : {a.get(), b.get(), c.get()}) std::fill(p + first, p + last, 1.0f);
  });
  const double moved = 3.0 * static_cast<double>(count) * sizeof(float);
  // Short runs are repeated within a piece, so that waking threads does not count.
  const auto turns = static_cast<std::int64_t>(std::max(1.0, 16e6 / moved));
  double best = 0;
  for (const bool streamed : {false, true}) {
    if (streamed && !with_streams) break;
    const double seconds = shortest(8, [&] {
      parallel_for(count, piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t turn = 0; turn < turns; ++turn) {
          HWY_DYNAMIC_DISPATCH(Triad)
          (a.get() + first, b.get() + first, c.get() + first, last - first, streamed);
        }
      });
    });
    best = std::max(best, moved * static_cast<double>(turns) / seconds);
  }
  return best;
}

#ifdef __linux__
double cache_bytes(int name) { return static_cast<double>(std::max(0L, sysconf(name))); }
#endif

Peak measure(int threads) {
  const int before = thread_count();
  set_thread_count(threads);
  constexpr double kInMemory = 192 << 20;
  Peak measured{.flops = measure_flops(threads),
                .bandwidth = measure_bandwidth(kInMemory, threads, true)};
#ifdef __linux__
  measured.inner_cache_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE) * threads;
  measured.outer_cache_bytes = std::min(cache_bytes(_SC_LEVEL3_CACHE_SIZE), kInMemory / 4);
#endif
  // Half of a cache: the rest holds what else a program touches.
  const auto within = [&](double size) {
    return size == 0 ? 0 : measure_bandwidth(size / 2, threads, false);
  };
  measured.inner_cache_bandwidth = within(measured.inner_cache_bytes);
  measured.outer_cache_bandwidth = within(measured.outer_cache_bytes);
  set_thread_count(before);
  return measured;
}

std::string cpu_info(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const auto colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size()) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

const Peak& peak(int threads) {
  static std::mutex mutex;
  static std::map<int, Peak> measured;
  const std::lock_guard lock(mutex);
  const auto found = measured.find(threads);
  return found != measured.end() ? found->second
                                 : measured.emplace(threads, measure(threads)).first->second;
}

std::string instruction_set() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

std::string processor_name() {
  return fmt::format("{}, {}", cpu_info("model name"), instruction_set());
}

std::string processor_text() {
  const int threads = thread_count();
  return fmt::format("{}, {} thread{}", processor_name(), threads, threads == 1 ? "" : "s");
}

std::string clock_text() { return cpu_info("cpu MHz"); }

}  // namespace keratin::kernels
#endif
