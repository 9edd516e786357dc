// One panel of a plotted training run: a metric over the epochs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nn/inspect/axis.h"

namespace keratin::detail {

inline constexpr double kPanelWidth = 480, kPanelHeight = 320;  // pixels

/// The style sheet that panel_svg's classes need; follows the reader's light or dark theme.
extern const std::string_view kPanelStyle;

struct Point {
  std::int64_t epoch = 0;  // counted from 1, as the progress bar shows it
  double value = 0;
};

struct Series {
  std::string name = {};
  bool validation = false;
  std::vector<Point> points = {};

  std::string_view kind() const { return validation ? "validation" : "training"; }
};

struct HistoryPanel {
  std::string title = {};
  std::vector<Series> series = {};
};

/// The panel as SVG elements, its upper left corner at the origin.
std::string panel_svg(const HistoryPanel& panel, const Axis& epochs);

}  // namespace keratin::detail
