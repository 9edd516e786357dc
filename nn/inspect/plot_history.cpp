#include "nn/inspect/plot_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "data/atomic_file.h"
#include "kernels/error.h"
#include "nn/inspect/axis.h"
#include "nn/inspect/history_panel.h"
#include "nn/inspect/markup.h"

namespace keratin {
namespace {

using detail::Axis;
using detail::kPanelHeight;
using detail::kPanelWidth;
using detail::Point;
using detail::Series;
using Panel = detail::HistoryPanel;

constexpr double kFooter = 30;  // pixels

// Epochs at which fit validates with validation_freq = n: those whose number n divides.
std::vector<std::int64_t> every(std::int64_t n, const std::vector<int>& epochs) {
  std::vector<std::int64_t> result;
  for (const int epoch : epochs)
    if ((epoch + 1) % n == 0) result.push_back(epoch + 1);
  return result;
}

std::vector<std::int64_t> epochs_of(std::size_t count, const std::string& name,
                                    const std::vector<int>& epochs) {
  std::vector<std::int64_t> result;
  if (epochs.empty()) {  // a history made by hand
    for (std::size_t i = 1; i <= count; ++i) result.push_back(static_cast<std::int64_t>(i));
    return result;
  }
  if (count > epochs.size()) {
    throw ValueError(fmt::format(
        "plot_history: more values than epochs: \"{}\" has {} values, history.epoch {}; expected "
        "at most one an epoch",
        name, count, epochs.size()));
  }
  if (count > 0 && count < epochs.size()) {
    for (auto n = static_cast<std::int64_t>(epochs.size() / count); n > 1; --n) {
      result = every(n, epochs);
      if (result.size() == count) return result;
    }
  }
  result.clear();
  for (auto epoch = epochs.end() - static_cast<std::ptrdiff_t>(count); epoch != epochs.end();
       ++epoch) {
    result.push_back(*epoch + 1);
  }
  return result;
}

std::vector<Panel> panels_of(const History& history) {
  Named<Panel> panels;
  for (const auto& [name, values] : history.history) {
    if (values.empty()) continue;
    const bool validation = name.starts_with("val_");
    const std::string title = validation ? name.substr(4) : name;
    Series series = {name, validation, {}};
    const std::vector<std::int64_t> epochs = epochs_of(values.size(), name, history.epoch);
    for (std::size_t i = 0; i < values.size(); ++i) series.points.push_back({epochs[i], values[i]});
    Panel& panel = panels[title];
    panel.title = title;
    panel.series.push_back(std::move(series));
  }
  if (panels.empty()) {
    throw ValueError(
        fmt::format("plot_history: the history is empty: {} metrics with 0 values; expected one "
                    "value or more. Pass what fit() returned.",
                    history.history.size()));
  }
  std::vector<Panel> result;
  for (auto& [title, panel] : panels) {
    std::stable_sort(panel.series.begin(), panel.series.end(),
                     [](const Series& a, const Series& b) { return a.validation < b.validation; });
    result.push_back(std::move(panel));
  }
  return result;
}

Axis epochs_of(const std::vector<Panel>& panels) {
  std::int64_t first = panels[0].series[0].points[0].epoch, last = first;
  for (const Panel& panel : panels) {
    for (const Series& series : panel.series) {
      for (const Point& point : series.points) {
        first = std::min(first, point.epoch);
        last = std::max(last, point.epoch);
      }
    }
  }
  return detail::epoch_axis(first, last);
}

std::string footer(const History& history, const std::vector<Panel>& panels) {
  std::size_t epochs = history.epoch.size();
  for (const Panel& panel : panels)
    for (const Series& series : panel.series) epochs = std::max(epochs, series.points.size());
  return fmt::format("{} epoch{}, seed {}", epochs, epochs == 1 ? "" : "s", history.seed);
}

}  // namespace

std::string history_svg(const History& history) {
  const std::vector<Panel> panels = panels_of(history);
  const Axis epochs = epochs_of(panels);
  const std::size_t columns = panels.size() == 1 ? 1 : 2;
  const std::size_t rows = (panels.size() + columns - 1) / columns;
  const double width = kPanelWidth * static_cast<double>(columns);
  const double height = kPanelHeight * static_cast<double>(rows) + kFooter;

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" aria-label=\"Training history\" font-size=\"12\" "
      "font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n"
      "<style>{2}</style>\n<rect class=\"back\" width=\"{0}\" height=\"{1}\"/>\n",
      width, height, detail::kPanelStyle);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const std::size_t row = i / columns, column = i % columns;
    out += fmt::format(
        "<g transform=\"translate({} {})\">\n{}</g>\n", kPanelWidth * static_cast<double>(column),
        kPanelHeight * static_cast<double>(row), detail::panel_svg(panels[i], epochs));
  }
  return out +
         fmt::format("<text class=\"note\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                     width - 16, height - 12, footer(history, panels)) +
         "</svg>\n";
}

void plot_history(const History& history, const PlotHistoryOptions& options) {
  if (!detail::ends_in(options.to_file, ".svg")) {
    throw ValueError(fmt::format(
        "plot_history: unknown kind of file: to_file is \"{}\"; expected a name that ends in .svg",
        options.to_file));
  }
  data::write_file("plot_history", options.to_file, history_svg(history));
}

}  // namespace keratin
