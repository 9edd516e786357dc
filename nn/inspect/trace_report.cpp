// A trace as one page of HTML: the data as JSON, and a script that draws it.
#include <fmt/format.h>

#include <string_view>

#include "nn/inspect/trace_data.h"
#include "nn/inspect/trace_page.h"

namespace keratin::detail {
namespace {

std::string row(const TraceCall& call, const kernels::Peak& peak) {
  return fmt::format(
      "[{},{},{},{},{},{},{:.9f},{:.9f},{},{},{:.9f},{},{},{},{},{},{}]", json_string(call.layer),
      json_string(call.phase), json_string(call.op), json_string(call.kernel),
      json_string(call.rung), json_string(call.shape), call.start, call.seconds, call.flops,
      call.bytes, least_seconds(call, peak), call.threads, call.thread, call.depth,
      call.forward ? fmt::format("{}", *call.forward) : "-1", call.bytes_in_use, call.bytes_held);
}

std::string data_json(const TraceData& trace, const kernels::Peak& peak) {
  std::string json = fmt::format(
      R"({{"processor":{},"seconds":{:.9f},)"
      R"("peak":{{"flops":{},"bandwidth":{},"outer":{},"inner":{}}},)"
      R"("fields":["layer","phase","op","kernel","rung","shape","start","time","flops","bytes",)"
      R"("least","threads","thread","depth","forward","inUse","held"],"calls":[)",
      json_string(trace.processor), trace.seconds, peak.flops, peak.bandwidth,
      peak.outer_cache_bandwidth, peak.inner_cache_bandwidth);
  for (std::size_t i = 0; i < trace.calls.size(); ++i)
    json += (i == 0 ? "\n" : ",\n") + row(trace.calls[i], peak);
  return json + "]}";
}

// JSON within HTML: no text in it may end the element that holds it.
std::string for_html(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string trace_report(const TraceData& trace, const kernels::Peak& peak) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Kernel trace</title>\n<style>";
  page += kTracePageStyle;
  page += "</style>\n</head>\n<body>";
  page += kTracePageBody;
  page += "<script type=\"application/json\" id=\"data\">";
  page += for_html(data_json(trace, peak));
  page += "</script>\n<script>";
  page += kTracePageScript;
  page += kTracePageCharts;
  return page + "</script>\n</body>\n</html>\n";
}

}  // namespace keratin::detail
