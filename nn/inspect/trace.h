#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keratin {

/// One call of a kernel in a trace.
struct TraceCall {
  std::string layer = {};  // "encoder/dense", or the name of a loss, metric or optimizer; may be ""
  std::string phase = {};  // "forward", "loss", "backward", "update", "metrics", "data" or "other"
  std::string op = {};     // as the tape knows it: "dense"; "" outside of operations
  std::string kernel = {};  // what the ladder is of: "gemm"
  std::string rung = {};    // the one that ran: "packed"
  std::string shape = {};
  double start = 0;             // in seconds, from the beginning of the trace
  double seconds = 0;           // wall time
  double flops = 0, bytes = 0;  // what the operation takes at the least
  int threads = 1;              // how many may have worked on it
  int thread = 0;               // which one called it: 0 is the one that called trace()
  int depth = 0;                // more than 0: within another kernel, which counts its time too
  std::optional<std::size_t> forward = {};  // on the way back: the call that this one belongs to
  std::int64_t bytes_in_use = 0;            // in tensors when it ended
  std::int64_t bytes_held = 0;              // and with what is kept for reuse
};

/// What ran, call by call: a value.
///
///     Trace step = trace([&] { model.train_on_batch(x, y); });
///     fmt::print("{}", step.table());
///     step.write_report("step.html");
class Trace {
 public:
  /// In the order in which they began.
  const std::vector<TraceCall>& calls() const;
  /// Wall time of all that was traced, what is not kernels included.
  double seconds() const;
  /// The least time that this machine would need for a call's FLOPs and bytes, over the time that
  /// it took. The first time, the machine is measured, for about half a second.
  double share_of_roofline(const TraceCall& call) const;

  /// Every call with layer, kernel, rung, shape, time, FLOP/s, bytes/s and share of the roofline,
  /// then the layers with their sums; as wide as the terminal. Beyond 250 calls, those that are
  /// alike share a row.
  std::string table() const;
  /// A file in Trace Event Format, which ui.perfetto.dev and chrome://tracing open: calls, the
  /// layers that they belong to, arrows from the way there to the way back, memory. Throws
  /// FileError where it can't be written.
  void write_chrome(const std::string& path) const;
  /// One page of HTML that needs nothing else: time line, the costliest calls, roofline, layers,
  /// memory, every call. Throws FileError where it can't be written.
  void write_report(const std::string& path) const;

 private:
  friend Trace trace(const std::function<void()>& f);
  explicit Trace(std::shared_ptr<const struct TraceData> data) : data_(std::move(data)) {}

  std::shared_ptr<const struct TraceData> data_;
};

/// Calls `f` and takes down every kernel that runs meanwhile, those on other threads too. What `f`
/// throws comes out. Throws ValueError within another trace.
Trace trace(const std::function<void()>& f);

}  // namespace keratin
