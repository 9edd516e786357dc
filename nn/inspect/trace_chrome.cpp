// A trace in Trace Event Format: what ui.perfetto.dev and chrome://tracing open.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "nn/inspect/cells.h"
#include "nn/inspect/trace_data.h"

namespace keratin::detail {
namespace {

constexpr int kLayers = 1000;  // the track of the layers; those of threads begin at 0

double micros(double seconds) { return seconds * 1e6; }

std::string call_event(const TraceCall& call, std::size_t index, const kernels::Peak& peak) {
  const double least = least_seconds(call, peak);
  std::string args =
      fmt::format(R"("call":{},"layer":{},"operation":{},"rung":{},"shape":{},"threads":{},)"
                  R"("GFLOP/s":{:.3f},"GB/s":{:.3f},"share of roofline":{:.4f})",
                  index, json_string(call.layer), json_string(call.op), json_string(call.rung),
                  json_string(call.shape), call.threads,
                  call.seconds > 0 ? call.flops / call.seconds * 1e-9 : 0,
                  call.seconds > 0 ? call.bytes / call.seconds * 1e-9 : 0,
                  call.seconds > 0 ? least / call.seconds : 0);
  if (call.forward) args += fmt::format(R"(,"forward":{})", *call.forward);
  return fmt::format(
      R"({{"ph":"X","pid":1,"tid":{},"ts":{:.3f},"dur":{:.3f},"cat":{},"name":{},"args":{{{}}}}})",
      call.thread, micros(call.start), micros(call.seconds), json_string(call.phase),
      json_string(call.kernel), args);
}

// An arrow from the middle of a call to the middle of what is its way back.
std::string arrow(const TraceCall& from, const TraceCall& to, std::size_t id) {
  const auto end = [&](const char* kind, const TraceCall& call, const char* more) {
    return fmt::format(R"({{"ph":"{}","pid":1,"tid":{},"ts":{:.3f},"id":{},"cat":"gradient",)"
                       R"("name":"gradient"{}}})",
                       kind, call.thread, micros(call.start + call.seconds / 2), id, more);
  };
  return end("s", from, "") + ",\n" + end("f", to, R"(,"bp":"e")");
}

std::string named(const char* what, int tid, std::string_view name) {
  return fmt::format(R"({{"ph":"M","pid":1,"tid":{},"name":"{}","args":{{"name":{}}}}})", tid, what,
                     json_string(name));
}

// The time of a layer: from the first to the last of calls that follow each other.
void add_layers(std::vector<std::string>& events, const std::vector<TraceCall>& calls) {
  const TraceCall* first = nullptr;
  double end = 0;
  const auto close = [&] {
    if (first == nullptr) return;
    events.push_back(
        fmt::format(R"({{"ph":"X","pid":1,"tid":{},"ts":{:.3f},"dur":{:.3f},"cat":{},"name":{}}})",
                    kLayers, micros(first->start), micros(end - first->start),
                    json_string(first->phase), json_string(first->layer)));
    first = nullptr;
  };
  for (const TraceCall& call : calls) {
    if (call.thread != 0 || call.depth > 0) continue;
    if (first != nullptr && (first->layer != call.layer || first->phase != call.phase)) close();
    if (first == nullptr && !call.layer.empty()) first = &call;
    end = call.start + call.seconds;
  }
  close();
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const Glyph& glyph : glyphs(text)) {  // no control characters, no broken UTF-8
    for (const char c : glyph.bytes) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string trace_chrome(const TraceData& trace, const kernels::Peak& peak) {
  std::vector<std::string> events = {named("process_name", 0, "keratin"),
                                     named("thread_name", kLayers, "layers")};
  std::set<int> threads = {0};
  for (const TraceCall& call : trace.calls) threads.insert(call.thread);
  for (const int thread : threads) {
    events.push_back(named("thread_name", thread,
                           thread == 0 ? "kernels" : fmt::format("kernels, thread {}", thread)));
  }
  add_layers(events, trace.calls);
  for (std::size_t i = 0; i < trace.calls.size(); ++i) {
    const TraceCall& call = trace.calls[i];
    events.push_back(call_event(call, i, peak));
    if (call.forward) events.push_back(arrow(trace.calls[*call.forward], call, i));
    events.push_back(fmt::format(R"({{"ph":"C","pid":1,"tid":0,"ts":{:.3f},"name":"memory",)"
                                 R"("args":{{"in use":{},"kept for reuse":{}}}}})",
                                 micros(call.start + call.seconds), call.bytes_in_use,
                                 call.bytes_held - call.bytes_in_use));
  }
  std::string text = fmt::format(
      "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"processor\":{}}},\"traceEvents\":[\n",
      json_string(trace.processor));
  for (std::size_t i = 0; i < events.size(); ++i) text += (i == 0 ? "" : ",\n") + events[i];
  return text + "\n]}\n";
}

}  // namespace keratin::detail
