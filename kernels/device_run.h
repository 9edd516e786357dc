// The door to the kernels of whatever device the operands are on.
#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <tuple>

#include "kernels/cuda_ladder.h"
#include "kernels/run.h"

namespace keratin::kernels {

namespace detail {
/// The call of a GPU's kernel that is under way on this thread, for what may go wrong in it.
class DeviceCall {
 public:
  DeviceCall(const char* op, const char* rung, const void* shape, std::string (*text)(const void*));
  ~DeviceCall();
  DeviceCall(const DeviceCall&) = delete;
  DeviceCall& operator=(const DeviceCall&) = delete;
  /// `softmax [64, 10], rung "warp"`, or "" outside of any.
  static std::string current();

 private:
  const char* op_;
  const char* rung_;
  const void* shape_;
  std::string (*text_)(const void*);
  const DeviceCall* before_;
};
BoundRungs bound_rungs(const void* ladder);
void after_device_call(const Stream& stream);
void synchronize(const Stream& stream);
[[noreturn]] void throw_no_device_kernel(const char* op, const std::string& shape);
/// The name asked for by hand if it is one of a GPU's rungs; nullptr if none was, or a CPU's.
const char* chosen_device_rung(const char* room, const char* op,
                               std::span<const char* const> device_names,
                               std::span<const char* const> cpu_names);

template <class Fn>
std::span<const CudaRung<Fn>> device_rungs(const void* ladder) {
  const BoundRungs bound = bound_rungs(ladder);
  return {static_cast<const CudaRung<Fn>*>(bound.rungs), bound.count};
}

template <class Fn, std::size_t N>
const CudaRung<Fn>& pick_on_device(const Stream& stream, const Ladder<Fn, N>& ladder,
                                   const ShapeOf<Fn>& shape) {
  const std::span<const CudaRung<Fn>> rungs = device_rungs<Fn>(&ladder);
  const CudaRung<Fn>* best = nullptr;
  for (const CudaRung<Fn>& rung : rungs)
    if (rung.unasked() && rung.can_take(shape, stream)) best = &rung;
  if (best == nullptr) throw_no_device_kernel(ladder.op, shape_text(shape));
  if (!choices_made) return *best;
  std::array<const char*, N> cpu_names;
  for (std::size_t i = 0; i < N; ++i) cpu_names[i] = ladder.rungs[i].name;
  std::array<const char*, kMostCudaRungs> names{};
  for (std::size_t i = 0; i < rungs.size(); ++i) names[i] = rungs[i].name;
  const char* wanted =
      chosen_device_rung(ladder.room, ladder.op, std::span(names.data(), rungs.size()), cpu_names);
  for (const CudaRung<Fn>& rung : rungs) {
    if (wanted == nullptr || rung.name != wanted) continue;
    if (rung.can_take(shape, stream)) return rung;
    warn_not_applicable(ladder.op, rung.name, shape_text(shape));
  }
  return *best;
}

template <class Fn>
void show_device_rungs(const void* ladder, const void* shape,
                       FunctionRef<void(const RungInfo&)> show) {
  for (const CudaRung<Fn>& rung : device_rungs<Fn>(ladder)) {
    show({rung.name, rung.gains, "", false, rung.applies(*static_cast<const ShapeOf<Fn>*>(shape))});
  }
}
}  // namespace detail

/// Calls the best rung where `stream` is. The last argument is the shape. Throws DeviceError where
/// no kernel of that GPU takes the shape.
template <class Fn, std::size_t N, class... Args>
void run(const Stream& stream, const Ladder<Fn, N>& ladder, Args&&... args) {
  if (stream.is_cpu()) return run(ladder, args...);
  using Shape = ShapeOf<Fn>;
  using Clock = std::chrono::steady_clock;
  const Shape& shape = std::get<sizeof...(Args) - 1>(std::forward_as_tuple(args...));
  const CudaRung<Fn>& rung = detail::pick_on_device(stream, ladder, shape);
  const auto text = [](const void* s) { return detail::shape_text(*static_cast<const Shape*>(s)); };
  const detail::DeviceCall call(ladder.op, rung.name, &shape, text);
  const auto start = Clock::now();
  rung.function(args..., stream);
  detail::after_device_call(stream);
  if (!tracing()) [[likely]]
    return;
  detail::synchronize(stream);  // what a trace shows is the kernel's time, not its launch's
  const auto end = Clock::now();
  TraceSink* const sink = detail::trace_sink.load(std::memory_order_acquire);
  if (sink == nullptr) return;
  KernelCall seen;
  seen.room = ladder.room;
  seen.op = ladder.op;
  seen.rung = rung.name;
  seen.cost = ladder.cost(shape);
  seen.start = std::chrono::duration<double>(start.time_since_epoch()).count();
  seen.seconds = std::chrono::duration<double>(end - start).count();
  seen.threads = 1;
  seen.depth = call_site.depth;
  seen.shape_data = &shape;
  seen.shape_bytes = sizeof(Shape);
  seen.shape_text = text;
  seen.ladder = &ladder;
  seen.rungs = detail::show_device_rungs<Fn>;
  sink->record(seen);
}

}  // namespace keratin::kernels
