#include "nn/inspect/kernel_recording.h"

#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "kernels/error.h"
#include "kernels/run.h"
#include "tensor/storage.h"
#include "tensor/time.h"

namespace keratin::detail {
namespace {

int this_thread() {
  static std::atomic<int> next = 0;
  thread_local const int number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

// Never destroyed and installed by one recording after the other: a kernel that ends late on
// another thread still finds it, and is left out.
class Recorder final : public kernels::TraceSink {
 public:
  void begin(const char* what) {
    const std::lock_guard lock(mutex_);
    if (running_) {
      throw ValueError(fmt::format(
          "{}: another trace runs, in this program only one can at a time; call it after that one, "
          "not within",
          what));
    }
    running_ = true;
    recording_ = {};
    recording_.calls.reserve(4096);
    room_ = 0;
    add_block(0);
    before_ = kernels::set_trace_sink(this);
  }

  KernelRecording end() {
    kernels::set_trace_sink(before_);
    const std::lock_guard lock(mutex_);
    running_ = false;
    return std::move(recording_);
  }

  void record(const kernels::KernelCall& call) override {
    const int thread = this_thread();
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    const kernels::CallSite& site = kernels::call_site;
    recording_.calls.push_back({.call = call,
                                .scope = site.scope,
                                .op = site.op,
                                .op_call = site.op_call,
                                .backward = site.backward,
                                .thread = thread,
                                .in_use = bytes_in_use(),
                                .cached = bytes_cached()});
    recording_.calls.back().call.shape_data = keep(call.shape_data, call.shape_bytes);
  }

 private:
  static constexpr std::size_t kUnit = sizeof(std::max_align_t);

  // `bytes` in a place that stays.
  const void* keep(const void* shape, std::size_t bytes) {
    const std::size_t units = (bytes + kUnit - 1) / kUnit;
    if (units > room_) add_block(units);
    std::max_align_t* const place = next_;
    std::memcpy(static_cast<void*>(place), shape, bytes);
    next_ += units;
    room_ -= units;
    return place;
  }
  void add_block(std::size_t units) {
    room_ = std::max<std::size_t>(units, 16 * 1024);
    recording_.shapes.push_back(std::make_unique_for_overwrite<std::max_align_t[]>(room_));
    next_ = recording_.shapes.back().get();
  }

  std::mutex mutex_;
  bool running_ = false;
  KernelRecording recording_;
  std::max_align_t* next_ = nullptr;
  std::size_t room_ = 0;
  kernels::TraceSink* before_ = nullptr;
};

Recorder& recorder() {
  static auto* const instance = new Recorder;
  return *instance;
}

}  // namespace

KernelRecording record_kernels(const char* what, const std::function<void()>& f) {
  recorder().begin(what);
  const double start = now();
  try {
    f();
  } catch (...) {
    recorder().end();
    throw;
  }
  const double end = now();
  KernelRecording recording = recorder().end();
  recording.start = start;
  recording.seconds = end - start;
  const int here = this_thread();
  for (RecordedCall& call : recording.calls) {
    call.thread = call.thread == here ? 0 : call.thread < here ? call.thread + 1 : call.thread;
  }
  return recording;
}

}  // namespace keratin::detail
