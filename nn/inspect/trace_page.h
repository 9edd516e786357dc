// The parts of the page that write_report writes, which are not data.
#pragma once

#include <string_view>

namespace keratin::detail {

extern const std::string_view kTracePageStyle;   // CSS
extern const std::string_view kTracePageBody;    // HTML, filled by the script
extern const std::string_view kTracePageScript;  // JavaScript: reads the data, draws the time line
extern const std::string_view kTracePageCharts;  // the rest of it: charts, tables

}  // namespace keratin::detail
