#include "kernels/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

#include "kernels/call_site.h"
#include "kernels/error.h"
#include "kernels/processor.h"
#include "kernels/serial_scope.h"

namespace keratin::kernels {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kSpins = 2000;  // about 20 us of pauses before a worker sleeps

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whole cores of a cgroup v2 CPU quota ("max 100000" or "200000 100000"), 0 if there is none.
int cgroup_cores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  const double cores = std::strtod(quota.c_str(), nullptr) / period;
  return cores > 0 ? std::max(1, static_cast<int>(std::lround(cores))) : 0;
}

int available_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = CPU_COUNT(&set);
#endif
  if (const int quota = cgroup_cores(); quota > 0) cores = std::min(cores, quota);
  return std::clamp(cores, 1, kMaxThreads);
}

int initial_thread_count() {
  const char* text = std::getenv("KERATIN_THREADS");
  if (text == nullptr || *text == '\0') return available_cores();
  int count = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), count);
  if (error != std::errc() || *end != '\0' || count < 1 || count > kMaxThreads) {
    fmt::print(
        stderr,
        "keratin: KERATIN_THREADS is \"{}\"; expected a number from 1 to {}. All cores are used.\n",
        text, kMaxThreads);
    return available_cores();
  }
  return count;
}

thread_local bool inside_parallel_for = false;

// One parallel_for. Lives on the caller's stack: the caller waits until no worker is inside.
struct Job {
  FunctionRef<void(std::int64_t, std::int64_t)> body;
  std::int64_t count;
  std::int64_t grain;
  std::int64_t pieces;
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;

  void work() {
    for (std::int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < pieces;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      try {
        body(i * grain, std::min(count, (i + 1) * grain));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
  }
};

class Pool {
 public:
  explicit Pool(int threads) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
    } catch (const std::system_error& error) {  // a limit of the system: work with those there are
      fmt::print(stderr, "keratin: only {} of {} threads could be started: {}\n", this->threads(),
                 threads, error.what());
    }
  }
  ~Pool() {
    stop_.store(true);
    generation_.fetch_add(1);
    generation_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // False if another thread's job is running.
  bool run(Job& job) {
    const std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    job_ = &job;
    gate_.store(kOpen, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    inside_parallel_for = true;
    job.work();
    inside_parallel_for = false;
    // Nothing is left to begin: who has not come in by now need not, and is not waited for. On a
    // busy machine a worker may be long in coming.
    gate_.fetch_sub(kOpen, std::memory_order_acq_rel);
    int spins = 0;
    for (std::uint32_t inside; (inside = gate_.load(std::memory_order_acquire)) != 0; ++spins) {
      if (spins < kSpins) {
        pause_briefly();
      } else {
        gate_.wait(inside, std::memory_order_acquire);
      }
    }
    return true;
  }

 private:
  void serve() {
    inside_parallel_for = true;
    std::uint32_t seen = 0;
    for (;;) {
      int spins = 0;
      while (generation_.load(std::memory_order_acquire) == seen) {
        if (spins++ < kSpins) {
          pause_briefly();
        } else {
          generation_.wait(seen, std::memory_order_acquire);
        }
      }
      seen = generation_.load(std::memory_order_acquire);
      if (stop_.load()) return;
      if (!enter()) continue;
      job_->work();
      if (gate_.fetch_sub(kInside, std::memory_order_acq_rel) == kInside) gate_.notify_one();
    }
  }

  bool enter() {
    std::uint32_t gate = gate_.load(std::memory_order_relaxed);
    while ((gate & kOpen) != 0) {
      if (gate_.compare_exchange_weak(gate, gate + kInside, std::memory_order_acquire)) return true;
    }
    return false;
  }

  // The gate to the job: open or not, and how many workers are inside.
  static constexpr std::uint32_t kOpen = 1, kInside = 2;

  std::vector<std::thread> workers_;
  std::mutex busy_;
  Job* job_ = nullptr;
  std::atomic<std::uint32_t> generation_ = 0;
  std::atomic<std::uint32_t> gate_ = 0;
  std::atomic<bool> stop_ = false;
};

std::unique_ptr<Pool>& pool() {
  static std::unique_ptr<Pool> instance = [] {
    if (const std::string warning = processor_warning(); !warning.empty())
      fmt::print(stderr, "{}\n", warning);
    return std::make_unique<Pool>(initial_thread_count());
  }();
  return instance;
}

}  // namespace

int thread_count() { return pool()->threads(); }

void set_thread_count(int count) {
  if (count < 1 || count > kMaxThreads) {
    throw ValueError(
        fmt::format("set_thread_count: {} threads; expected 1 to {}", count, kMaxThreads));
  }
  if (count == thread_count()) return;
  pool().reset();
  pool() = std::make_unique<Pool>(count);
}

SerialScope::SerialScope() : before_(inside_parallel_for) { inside_parallel_for = true; }
SerialScope::~SerialScope() { inside_parallel_for = before_; }

void parallel_for(std::int64_t count, std::int64_t grain,
                  FunctionRef<void(std::int64_t first, std::int64_t last)> body) {
  if (count <= 0) return;
  KERATIN_ASSERT(grain >= 1);
  const std::int64_t pieces = (count + grain - 1) / grain;
  if (pieces == 1) return body(0, count);
  Job job{.body = body, .count = count, .grain = grain, .pieces = pieces, .mutex = {}, .error = {}};
  const bool shared = !inside_parallel_for && pool()->threads() > 1 && pool()->run(job);
  if (shared) {
    const auto threads = std::min<std::int64_t>(pieces, pool()->threads());
    call_site.threads = std::max(call_site.threads, static_cast<int>(threads));
  } else {
    job.work();
  }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace keratin::kernels
