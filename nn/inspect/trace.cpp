#include "nn/inspect/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "data/atomic_file.h"
#include "kernels/error.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "nn/inspect/kernel_recording.h"
#include "nn/inspect/markup.h"
#include "nn/inspect/terminal.h"
#include "nn/inspect/trace_data.h"

namespace keratin {
namespace {

using detail::RecordedCall;
using kernels::Scope;
using kernels::ScopeKind;

const Scope* outermost(const Scope* scope) {
  while (scope->outer != nullptr && scope->outer->kind == ScopeKind::layer) scope = scope->outer;
  return scope;
}

bool in_layer(const RecordedCall& call) {
  return call.scope != nullptr && call.scope->kind == ScopeKind::layer;
}

// The model that all layers of the trace are part of, if there is one: its name says nothing then.
const Scope* common_model(const std::vector<RecordedCall>& calls) {
  const Scope* model = nullptr;
  for (const RecordedCall& call : calls) {
    if (!in_layer(call)) continue;
    const Scope* const top = outermost(call.scope);
    if (!top->has_parts || (model != nullptr && model != top)) return nullptr;
    model = top;
  }
  return model;
}

std::string layer_of(const RecordedCall& call, const Scope* model) {
  if (call.scope == nullptr) return "";
  const std::string path = call.scope->path();
  if (model == nullptr || !in_layer(call) || call.scope == model) return path;
  return path.substr(model->name.size() + 1);
}

std::string phase_of(const RecordedCall& call) {
  if (call.backward) return "backward";
  if (call.scope == nullptr) return call.thread == 0 ? "other" : "data";
  switch (call.scope->kind) {
    case ScopeKind::layer:
      return "forward";
    case ScopeKind::loss:
      return "loss";
    case ScopeKind::optimizer:
      return "update";
    case ScopeKind::metric:
      return "metrics";
    case ScopeKind::data:
      return "data";
  }
  return "other";
}

TraceData data_of(detail::KernelRecording recording) {
  std::stable_sort(
      recording.calls.begin(), recording.calls.end(),
      [](const RecordedCall& a, const RecordedCall& b) { return a.call.start < b.call.start; });
  const Scope* const model = common_model(recording.calls);
  TraceData data{.calls = {}, .seconds = recording.seconds, .processor = kernels::processor_text()};
  data.calls.reserve(recording.calls.size());
  std::unordered_map<std::uint64_t, std::size_t> there;  // the first call of an operation
  for (const RecordedCall& one : recording.calls) {
    const kernels::KernelCall& call = one.call;
    std::optional<std::size_t> forward;
    if (one.backward) {
      if (const auto found = there.find(one.op_call); found != there.end()) forward = found->second;
    } else if (one.op_call != 0) {
      there.emplace(one.op_call, data.calls.size());
    }
    data.calls.push_back({.layer = layer_of(one, model),
                          .phase = phase_of(one),
                          .op = std::string(one.op),
                          .kernel = call.op,
                          .rung = call.rung,
                          .shape = call.shape(),
                          .start = call.start - recording.start,
                          .seconds = call.seconds,
                          .flops = call.cost.flops,
                          .bytes = call.cost.bytes,
                          .threads = call.threads,
                          .thread = one.thread,
                          .depth = call.depth,
                          .forward = forward,
                          .bytes_in_use = one.in_use,
                          .bytes_held = one.in_use + one.cached});
  }
  return data;
}

const kernels::Peak& roof() { return kernels::peak(kernels::thread_count()); }

}  // namespace

namespace detail {

double least_seconds(const TraceCall& call, const kernels::Peak& peak) {
  return std::max(call.flops / peak.flops, call.bytes / peak.bandwidth_for(call.bytes));
}

double kernel_seconds(const TraceData& trace) {
  double sum = 0;
  for (const TraceCall& call : trace.calls) {
    if (call.thread == 0 && call.depth == 0) sum += call.seconds;
  }
  return sum;
}

std::string time_text(double seconds) {
  const double us = seconds * 1e6;
  const auto digits = [](double x) { return x < 9.995 ? 2 : x < 99.95 ? 1 : 0; };
  if (us < 999.5) return fmt::format("{:.{}f} us", us, digits(us));
  if (us < 999.5e3) return fmt::format("{:.{}f} ms", us * 1e-3, digits(us * 1e-3));
  return fmt::format("{:.{}f} s", seconds, digits(seconds));
}

}  // namespace detail

const std::vector<TraceCall>& Trace::calls() const { return data_->calls; }
double Trace::seconds() const { return data_->seconds; }
double Trace::share_of_roofline(const TraceCall& call) const {
  return call.seconds > 0 ? detail::least_seconds(call, roof()) / call.seconds : 0;
}
std::string Trace::table() const {
  return detail::trace_table(*data_, roof(), detail::terminal_columns());
}
void Trace::write_chrome(const std::string& path) const {
  data::write_file("write_chrome", path, detail::trace_chrome(*data_, roof()));
}
void Trace::write_report(const std::string& path) const {
  data::write_file("write_report", path, detail::trace_report(*data_, roof()));
}

Trace trace(const std::function<void()>& f) {
  if (!f) throw ValueError("trace: there is no function to call");
  return Trace(std::make_shared<TraceData>(data_of(detail::record_kernels("trace", f))));
}

}  // namespace keratin
