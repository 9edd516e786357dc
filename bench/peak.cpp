#include "bench/peak.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <new>
#include <string>

#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/peak.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::bench {
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
}  // namespace keratin::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::bench {
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
    kernels::parallel_for(threads, 1, [&](std::int64_t, std::int64_t last) {
      float sink = 0;
      const double done = HWY_DYNAMIC_DISPATCH(FmaChains)(kSteps, scale, &sink);
      volatile float keep = sink;
      (void)keep;
      if (last == threads) flops = done * threads;
    });
  });
  return flops / seconds;
}

double measure_bandwidth() {
  constexpr std::int64_t kCount = 16 << 20, kPiece = 64 << 10;
  struct Free {
    void operator()(float* p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  const auto allocate = [] {
    return std::unique_ptr<float, Free>(
        static_cast<float*>(::operator new(kCount * sizeof(float), std::align_val_t(64))));
  };
  const auto a = allocate(), b = allocate(), c = allocate();
  kernels::parallel_for(kCount, kPiece, [&](std::int64_t first, std::int64_t last) {
    for (float* p : {a.get(), b.get(), c.get()}) std::fill(p + first, p + last, 1.0f);
  });
  double best = 0;
  for (const bool streamed : {false, true}) {
    const double seconds = shortest(8, [&] {
      kernels::parallel_for(kCount, kPiece, [&](std::int64_t first, std::int64_t last) {
        HWY_DYNAMIC_DISPATCH(Triad)
        (a.get() + first, b.get() + first, c.get() + first, last - first, streamed);
      });
    });
    best = std::max(best, 3.0 * kCount * sizeof(float) / seconds);
  }
  return best;
}

Peak measure(int threads) {
  const int before = kernels::thread_count();
  kernels::set_thread_count(threads);
  const Peak measured{.flops = measure_flops(threads), .bandwidth = measure_bandwidth()};
  kernels::set_thread_count(before);
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
  static const Peak one = measure(1);
  static const Peak all = kernels::thread_count() == 1 ? one : measure(kernels::thread_count());
  return threads == 1 ? one : all;
}

std::string machine_text() {
  const int threads = kernels::thread_count();
  const auto roof = [](const Peak& p) {
    return fmt::format("{:.1f} GFLOP/s, {:.1f} GB/s", p.flops * 1e-9, p.bandwidth * 1e-9);
  };
  return fmt::format("CPU {}, {}, {} threads, {} MHz\nroof of 1 thread: {}; of {} threads: {}\n",
                     cpu_info("model name"), HWY_DYNAMIC_DISPATCH(TargetName)(), threads,
                     cpu_info("cpu MHz"), roof(peak(1)), threads, roof(peak(threads)));
}

}  // namespace keratin::bench
#endif
