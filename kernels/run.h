// The one door through which every kernel of the CPU is called; kernels/device_run.h has that to the
// kernels of any device.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kernels/call_site.h"
#include "kernels/function_ref.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

/// Chooses rungs by hand, as `KERATIN_KERNEL` does: "softmax=reference", "*=reference", several by
/// commas. The left side is an operation, a room or `*`; the last match wins. "" takes all choices
/// back. A rung that does not apply to a shape is passed over, with one warning. Throws ValueError
/// where the text is not of this form. Not to be called while kernels run on other threads.
void set_kernel_choice(std::string_view choices);

/// A rung, without the types of its kernel.
struct RungInfo {
  const char* name;
  const char* gains;
  const char* takes;
  bool vectors;
  bool applies;  // to the shape of the call
};

/// One call of a kernel, as seen at the door.
struct KernelCall {
  const char* room;
  const char* op;
  const char* rung;
  Cost cost;
  double start;    // seconds of the steady clock
  double seconds;  // wall time
  int threads;     // how many may have worked on it
  int depth;       // 0; more: within another kernel

  /// What the kernel was given, as text.
  std::string shape() const { return shape_text(shape_data); }
  /// Shows every rung of the ladder, from the reference upwards.
  void each_rung(FunctionRef<void(const RungInfo&)> show) const { rungs(ladder, shape_data, show); }

  // For sinks that ask later: `shape_bytes` bytes from `shape_data` on, copied to a place aligned
  // for any type, are the shape still.
  const void* shape_data;
  std::size_t shape_bytes;
  std::string (*shape_text)(const void* shape);
  const void* ladder;
  void (*rungs)(const void* ladder, const void* shape, FunctionRef<void(const RungInfo&)> show);
};

/// Receives every kernel call while it is installed, from whatever thread makes it.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void record(const KernelCall& call) = 0;
};

/// Installs a sink, or none (nullptr); gives back the one before. A kernel that runs on another
/// thread meanwhile may still call the one before when it ends.
TraceSink* set_trace_sink(TraceSink* sink);

namespace detail {
extern std::atomic<TraceSink*> trace_sink;  // nullptr: off
}
/// Is a sink installed?
inline bool tracing() { return detail::trace_sink.load(std::memory_order_relaxed) != nullptr; }

/// While one lives, kernels that this thread calls belong to a call of the operation `name`, or of
/// the one that calls it. Nothing unless a sink is installed.
class OpGuard {
 public:
  explicit OpGuard(std::string_view name) : active_(tracing() && call_site.op.empty()) {
    if (!active_) [[likely]]
      return;
    call_site.op = name;
    call_site.op_call = next_op_call();
  }
  ~OpGuard() {
    if (!active_) [[likely]]
      return;
    call_site.op = {};
    call_site.op_call = 0;
  }
  OpGuard(const OpGuard&) = delete;
  OpGuard& operator=(const OpGuard&) = delete;

 private:
  bool active_;
};

namespace detail {
extern bool choices_made;  // is any rung chosen by hand?
/// The rung asked for by hand, or nullptr. Throws ValueError if the operation has no such rung.
const char* chosen_rung(const char* room, const char* op, const char* const* names,
                        std::size_t count);
void warn_not_applicable(const char* op, const char* rung, const std::string& shape);

template <class Shape>
std::string shape_text(const Shape& shape) {
  if constexpr (requires {
                  { shape.text() } -> std::convertible_to<std::string>;
                }) {
    return shape.text();
  } else {
    return "";
  }
}

template <class Fn, std::size_t N>
const Rung<Fn>& pick_by_hand(const Ladder<Fn, N>& ladder, const ShapeOf<Fn>& shape,
                             const Rung<Fn>& best) {
  std::array<const char*, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = ladder.rungs[i].name;
  const char* wanted = chosen_rung(ladder.room, ladder.op, names.data(), N);
  if (wanted == nullptr) return best;
  for (const Rung<Fn>& rung : ladder.rungs) {
    if (rung.name != wanted) continue;
    if (rung.applies(shape)) return rung;
    warn_not_applicable(ladder.op, rung.name, shape_text(shape));
  }
  return best;
}
}  // namespace detail

/// The rung that `run` would call: the highest that applies, or the one chosen by hand.
template <class Fn, std::size_t N>
const Rung<Fn>& pick(const Ladder<Fn, N>& ladder, const ShapeOf<Fn>& shape) {
  const Rung<Fn>* best = &ladder.rungs[0];
  for (std::size_t i = N; i-- > 1;) {
    if (ladder.rungs[i].applies(shape)) {
      best = &ladder.rungs[i];
      break;
    }
  }
  return detail::choices_made ? detail::pick_by_hand(ladder, shape, *best) : *best;
}

namespace detail {
template <class Fn, std::size_t N>
void show_rungs(const void* ladder, const void* shape, FunctionRef<void(const RungInfo&)> show) {
  for (const Rung<Fn>& rung : static_cast<const Ladder<Fn, N>*>(ladder)->rungs) {
    show({rung.name, rung.gains, rung.takes, rung.vectors,
          rung.applies(*static_cast<const ShapeOf<Fn>*>(shape))});
  }
}

template <class Fn, std::size_t N, class... Args>
[[gnu::noinline, gnu::cold]] void run_traced(const Ladder<Fn, N>& ladder, const Rung<Fn>& rung,
                                             const ShapeOf<Fn>& shape, Args&&... args) {
  using Clock = std::chrono::steady_clock;
  using Shape = ShapeOf<Fn>;
  static_assert(std::is_trivially_copyable_v<Shape>, "traces copy shapes byte by byte");
  int threads = 1;
  const auto start = Clock::now();
  {
    const RunningKernel running(threads);
    rung.function(args...);
  }
  const auto end = Clock::now();
  TraceSink* const sink = trace_sink.load(std::memory_order_acquire);
  if (sink == nullptr) return;
  KernelCall call;  // assigned: nvcc takes no designated initializers in templates
  call.room = ladder.room;
  call.op = ladder.op;
  call.rung = rung.name;
  call.cost = ladder.cost(shape);
  call.start = std::chrono::duration<double>(start.time_since_epoch()).count();
  call.seconds = std::chrono::duration<double>(end - start).count();
  call.threads = threads;
  call.depth = call_site.depth;
  call.shape_data = &shape;
  call.shape_bytes = sizeof(Shape);
  call.shape_text = [](const void* s) { return shape_text(*static_cast<const Shape*>(s)); };
  call.ladder = &ladder;
  call.rungs = show_rungs<Fn, N>;
  sink->record(call);
}
}  // namespace detail

/// Calls the best rung of a ladder. The last argument is the shape.
template <class Fn, std::size_t N, class... Args>
void run(const Ladder<Fn, N>& ladder, Args&&... args) {
  const ShapeOf<Fn>& shape = std::get<sizeof...(Args) - 1>(std::forward_as_tuple(args...));
  const Rung<Fn>& rung = pick(ladder, shape);
  if (!tracing()) [[likely]] {
    rung.function(args...);
  } else {
    detail::run_traced(ladder, rung, shape, args...);
  }
}

}  // namespace keratin::kernels
