// What a Trace holds, and the forms that it is written in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/peak.h"
#include "nn/inspect/trace.h"

namespace keratin {

struct TraceData {
  std::vector<TraceCall> calls;
  double seconds = 0;
  std::string processor;
};

namespace detail {

/// The least time that the machine needs for a call, in seconds.
double least_seconds(const TraceCall& call, const kernels::Peak& peak);

/// Time within kernels of the thread that traced, in seconds; kernels in kernels once.
double kernel_seconds(const TraceData& trace);

/// "12.3 us", "4.56 ms": three digits.
std::string time_text(double seconds);
/// "1.5 MB".

std::string trace_table(const TraceData& trace, const kernels::Peak& peak, std::int64_t columns);
std::string trace_chrome(const TraceData& trace, const kernels::Peak& peak);
std::string trace_report(const TraceData& trace, const kernels::Peak& peak);

/// A string of JSON, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace detail
}  // namespace keratin
