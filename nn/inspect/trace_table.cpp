// A trace for the terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "nn/inspect/cells.h"
#include "nn/inspect/trace_data.h"
#include "tensor/memory_report.h"

namespace keratin::detail {
namespace {

constexpr std::size_t kMostRows = 250;

struct Row {
  const TraceCall* call = nullptr;  // the first of those alike
  std::size_t index = 0;
  std::size_t count = 0;
  double seconds = 0, flops = 0, bytes = 0, least = 0;
};

// One row a call, or where there are many one for all that are alike.
std::vector<Row> rows_of(const TraceData& trace, const kernels::Peak& peak) {
  std::vector<Row> rows;
  const bool grouped = trace.calls.size() > kMostRows;
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, int>;
  std::map<Key, std::size_t> known;
  for (std::size_t i = 0; i < trace.calls.size(); ++i) {
    const TraceCall& call = trace.calls[i];
    std::size_t place = rows.size();
    if (grouped) {
      const Key key(call.phase, call.layer, call.kernel, call.rung, call.shape, call.depth);
      place = known.emplace(key, place).first->second;
    }
    if (place == rows.size()) rows.push_back({.call = &call, .index = i});
    Row& row = rows[place];
    ++row.count;
    row.seconds += call.seconds;
    row.flops += call.flops;
    row.bytes += call.bytes;
    row.least += least_seconds(call, peak);
  }
  return rows;
}

std::string rate_text(double amount, double seconds) {
  if (amount == 0 || seconds <= 0) return "";
  const double rate = amount / seconds * 1e-9;
  return fmt::format("{:.{}f}", rate, rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0);
}

std::string percent_text(double share) { return fmt::format("{:.0f}%", share * 100); }

struct Column {
  std::string header;
  Align align = Align::left;
  bool gives = false;  // is shortened where the line is too narrow
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"#", Align::right},         {"layer", Align::left, true}, {"kernel", Align::left, true},
      {"rung", Align::left, true}, {"shape", Align::left, true}, {"time", Align::right},
      {"%", Align::right},         {"GFLOP/s", Align::right},    {"GB/s", Align::right},
      {"roof", Align::right}};
  return all;
}

std::vector<std::string> cells_of(const Row& row, double whole) {
  const TraceCall& call = *row.call;
  std::string number = row.count > 1 ? fmt::format("{}x", row.count) : fmt::format("{}", row.index);
  if (row.count == 1 && call.forward) number += fmt::format("←{}", *call.forward);
  return {number,
          call.layer.empty() ? "-" : call.layer,
          std::string(static_cast<std::size_t>(2 * call.depth), ' ') + call.kernel,
          call.rung,
          call.shape,
          time_text(row.seconds),
          whole > 0 ? fmt::format("{:.1f}", 100 * row.seconds / whole) : "",
          rate_text(row.flops, row.seconds),
          rate_text(row.bytes, row.seconds),
          row.seconds > 0 && row.least > 0 ? percent_text(row.least / row.seconds) : ""};
}

// Widths that fit into `width` cells: what gives is shortened, the widest first.
std::vector<std::int64_t> fitted(std::vector<std::int64_t> widths, std::int64_t width) {
  constexpr std::int64_t kFewest = 6;
  auto sum = std::accumulate(widths.begin(), widths.end(), std::int64_t{0}) +
             static_cast<std::int64_t>(widths.size()) - 1;
  while (sum > width) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (!columns()[c].gives || widths[c] <= kFewest) continue;
      if (widest == widths.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --sum;
  }
  return widths;
}

void trim_end(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

std::string repeated(std::string_view text, std::int64_t times) {
  std::string all;
  for (std::int64_t i = 0; i < times; ++i) all += text;
  return all;
}

// "── forward · 1.23 ms ─────".
std::string rule(const std::string& title, std::int64_t width) {
  const std::string text = title.empty() ? "" : "── " + title + " ";
  return text + repeated("─", width - cell_width(text)) + "\n";
}

// Phases in the order of their first call.
std::vector<std::string> phases_of(const TraceData& trace) {
  std::vector<std::string> phases;
  for (const TraceCall& call : trace.calls) {
    if (std::find(phases.begin(), phases.end(), call.phase) == phases.end())
      phases.push_back(call.phase);
  }
  return phases;
}

std::string heading(const TraceData& trace, const kernels::Peak& peak) {
  const double within = kernel_seconds(trace);
  std::string text = fmt::format(
      "{} kernel call{} in {}, {} of the {} that it took\n", trace.calls.size(),
      trace.calls.size() == 1 ? "" : "s", time_text(within),
      percent_text(trace.seconds > 0 ? within / trace.seconds : 0), time_text(trace.seconds));
  text += fmt::format("{}\nroof: {:.0f} GFLOP/s; {:.0f} GB/s from memory", trace.processor,
                      peak.flops * 1e-9, peak.bandwidth * 1e-9);
  for (const auto& [bytes, bandwidth] :
       {std::pair(peak.outer_cache_bytes, peak.outer_cache_bandwidth),
        std::pair(peak.inner_cache_bytes, peak.inner_cache_bandwidth)}) {
    if (bytes > 0)
      text += fmt::format(", {:.0f} up to {}", bandwidth * 1e-9,
                          bytes_text(static_cast<std::int64_t>(bytes)));
  }
  return text + "\n\n";
}

// Time by layer, there and back.
std::string layer_sums(const TraceData& trace, std::int64_t width) {
  struct Sum {
    std::string layer;
    double there = 0, back = 0;
  };
  std::vector<Sum> sums;
  double whole = 0;
  for (const TraceCall& call : trace.calls) {
    if (call.depth > 0) continue;
    const std::string layer = call.layer.empty() ? "-" : call.layer;
    auto found =
        std::find_if(sums.begin(), sums.end(), [&](const Sum& sum) { return sum.layer == layer; });
    if (found == sums.end()) found = sums.insert(sums.end(), {.layer = layer});
    (call.phase == "backward" ? found->back : found->there) += call.seconds;
    whole += call.seconds;
  }
  std::int64_t name_width = 5;
  for (const Sum& sum : sums) name_width = std::max(name_width, cell_width(sum.layer));
  name_width = std::min(name_width, width - 44);
  std::string text =
      fmt::format("{} {} {} {} {}\n", aligned("layer", name_width, Align::left),
                  aligned("forward", 9, Align::right), aligned("backward", 9, Align::right),
                  aligned("both", 9, Align::right), aligned("%", 5, Align::right));
  text += rule("", width);
  const std::int64_t bar_cells = width - name_width - 37;
  for (const Sum& sum : sums) {
    const double both = sum.there + sum.back;
    const double share = whole > 0 ? both / whole : 0;
    const auto eighths =
        static_cast<std::int64_t>(std::llround(share * 8 * static_cast<double>(bar_cells)));
    constexpr std::string_view kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    std::string line =
        fmt::format("{} {} {} {} {} ", aligned(sum.layer, name_width, Align::left),
                    aligned(sum.there > 0 ? time_text(sum.there) : "", 9, Align::right),
                    aligned(sum.back > 0 ? time_text(sum.back) : "", 9, Align::right),
                    aligned(time_text(both), 9, Align::right),
                    aligned(fmt::format("{:.1f}", 100 * share), 5, Align::right));
    line += repeated("█", eighths / 8);
    line += kParts[eighths % 8];
    trim_end(line);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string trace_table(const TraceData& trace, const kernels::Peak& peak, std::int64_t columns_) {
  const std::int64_t width = std::max<std::int64_t>(columns_, 72);
  const std::vector<Row> rows = rows_of(trace, peak);
  double whole = 0;
  for (const Row& row : rows) whole += row.call->depth == 0 ? row.seconds : 0;

  std::vector<std::vector<std::string>> cells;
  std::vector<std::int64_t> widths;
  for (const Column& column : columns()) widths.push_back(cell_width(column.header));
  for (const Row& row : rows) {
    cells.push_back(cells_of(row, whole));
    for (std::size_t c = 0; c < widths.size(); ++c)
      widths[c] = std::max(widths[c], cell_width(cells.back()[c]));
  }
  widths = fitted(std::move(widths), width);
  const std::int64_t used =
      std::accumulate(widths.begin(), widths.end(), static_cast<std::int64_t>(widths.size()) - 1);

  std::string text = heading(trace, peak);
  const auto add_line = [&](const auto& text_of) {
    std::string line;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (c > 0) line += ' ';
      line += aligned(text_of(c), widths[c], columns()[c].align);
    }
    trim_end(line);
    text += line + "\n";
  };
  add_line([](std::size_t c) { return columns()[c].header; });
  for (const std::string& phase : phases_of(trace)) {
    double seconds = 0;
    for (const Row& row : rows)
      if (row.call->phase == phase && row.call->depth == 0) seconds += row.seconds;
    text += rule(fmt::format("{} · {}", phase, time_text(seconds)), used);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (rows[r].call->phase == phase) add_line([&](std::size_t c) { return cells[r][c]; });
    }
  }
  return text + "\n" + layer_sums(trace, used);
}

}  // namespace keratin::detail
