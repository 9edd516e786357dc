#include "nn/inspect/history_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/inspect/cells.h"
#include "nn/inspect/markup.h"

namespace keratin::detail {
namespace {

// Sizes in pixels.
constexpr double kLeft = 66, kRight = 74, kTop = 58, kBottom = 46;  // around a panel's plot
constexpr double kPlotWidth = kPanelWidth - kLeft - kRight,
                 kPlotHeight = kPanelHeight - kTop - kBottom;
constexpr double kLabelGap = 15;       // between two labels at the ends of lines
constexpr std::size_t kMostDots = 40;  // with more points a line has no dots
constexpr std::int64_t kTitleCells = 42;

class PanelPlot {
 public:
  PanelPlot(const HistoryPanel& panel, const Axis& epochs) : panel_(panel), x_axis_(epochs) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Series& series : panel.series) {
      for (const Point& point : series.points) {
        if (off_scale(point.value)) continue;
        low = std::min(low, point.value);
        high = std::max(high, point.value);
      }
    }
    any_ = low <= high;
    if (any_) y_axis_ = detail::value_axis(low, high);
  }

  std::string svg() const {
    std::string out = heading() + frame();
    for (const Series& series : panel_.series) out += line(series) + marks(series);
    return out + end_labels();
  }

 private:
  double x(std::int64_t epoch) const {
    return kLeft + kPlotWidth * x_axis_.position(static_cast<double>(epoch));
  }
  // Off the scale: NaN and -inf at the lower edge, inf at the upper.
  double y(double value) const {
    const double place = off_scale(value) ? (value > 0 ? 1 : 0) : y_axis_.position(value);
    return kTop + kPlotHeight * (1 - place);
  }

  std::string heading() const {
    std::string out = fmt::format("<text class=\"title\" x=\"{}\" y=\"24\">{}</text>\n", kLeft,
                                  escaped(detail::cropped(panel_.title, kTitleCells)));
    const bool obvious = panel_.series.size() == 1 && !panel_.series[0].validation;
    if (obvious) return out;
    double left = kLeft;
    for (const Series& series : panel_.series) {
      const std::string_view kind = series.kind();
      out += fmt::format(
          "<path class=\"{0} line\" d=\"M{1} 40h18\"/>"
          "<circle class=\"{0} dot\" cx=\"{2}\" cy=\"40\" r=\"3\"/>"
          "<text class=\"note\" x=\"{3}\" y=\"44\">{0}</text>\n",
          kind, left, left + 9, left + 25);
      left += 46 + 6.5 * static_cast<double>(kind.size());
    }
    return out;
  }

  std::string frame() const {
    const double right = kLeft + kPlotWidth, bottom = kTop + kPlotHeight;
    std::string out;
    if (any_) {
      for (const detail::Tick& tick : y_axis_.ticks) {
        out += fmt::format(
            "<path class=\"grid\" d=\"M{0} {1:.1f}H{2}\"/>"
            "<text class=\"note\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
            kLeft, y(tick.value), right, kLeft - 8, y(tick.value) + 4, tick.label);
      }
    } else {
      out += fmt::format(
          "<text class=\"note\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">no finite value</text>\n",
          kLeft + kPlotWidth / 2, kTop + kPlotHeight / 2);
    }
    out += fmt::format("<path class=\"axis\" d=\"M{} {}H{}\"/>\n", kLeft, bottom, right);
    for (const detail::Tick& tick : x_axis_.ticks) {
      const double at = x(static_cast<std::int64_t>(tick.value));
      out += fmt::format(
          "<path class=\"axis\" d=\"M{0:.1f} {1}v5\"/>"
          "<text class=\"note\" x=\"{0:.1f}\" y=\"{2}\" text-anchor=\"middle\">{3}</text>\n",
          at, bottom, bottom + 19, tick.label);
    }
    return out + fmt::format(
                     "<text class=\"note\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>\n",
                     kLeft + kPlotWidth / 2, bottom + 36);
  }

  std::string line(const Series& series) const {
    std::string path;
    bool drawing = false;
    for (const Point& point : series.points) {
      const bool drawn = !off_scale(point.value);
      if (drawn) {
        path += fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", x(point.epoch), y(point.value));
      }
      drawing = drawn;
    }
    return path.empty() ? ""
                        : fmt::format("<path class=\"{} line\" d=\"{}\"/>\n", series.kind(), path);
  }

  // Dots where there are few, and always on points without neighbours; crosses off the scale.
  std::string marks(const Series& series) const {
    const std::vector<Point>& points = series.points;
    const auto drawn = [&](std::size_t i) {
      return i < points.size() && !off_scale(points[i].value);
    };
    std::string out;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double px = x(points[i].epoch), py = y(points[i].value);
      const std::string hint = fmt::format("<title>epoch {}: {} {}</title>", points[i].epoch,
                                           escaped(series.name), short_number(points[i].value));
      if (!drawn(i)) {
        out +=
            fmt::format("<path class=\"{} cross\" d=\"M{:.1f} {:.1f}l8 8m-8 0l8 -8\">{}</path>\n",
                        series.kind(), px - 4, py - 4, hint);
      } else if (points.size() <= kMostDots || (!drawn(i - 1) && !drawn(i + 1))) {
        out += fmt::format(
            "<circle class=\"{} dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\">{}</circle>\n",
            series.kind(), px, py, hint);
      }
    }
    return out;
  }

  // The last value of each line, beside it; pushed apart where they would overlap.
  std::string end_labels() const {
    struct Label {
      std::string_view kind;
      double value, y;
    };
    std::vector<Label> labels;
    for (const Series& series : panel_.series) {
      const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                     [](const Point& p) { return !off_scale(p.value); });
      if (last != series.points.rend()) {
        labels.push_back({series.kind(), last->value, y(last->value)});
      }
    }
    if (labels.size() == 2 && std::fabs(labels[0].y - labels[1].y) < kLabelGap) {
      const double middle = std::clamp((labels[0].y + labels[1].y) / 2, kTop + kLabelGap / 2,
                                       kTop + kPlotHeight - kLabelGap / 2);
      const bool first_is_upper = labels[0].y <= labels[1].y;
      labels[first_is_upper ? 0 : 1].y = middle - kLabelGap / 2;
      labels[first_is_upper ? 1 : 0].y = middle + kLabelGap / 2;
    }
    std::string out;
    for (const Label& label : labels) {
      out += fmt::format("<text class=\"{} label\" x=\"{}\" y=\"{:.1f}\">{}</text>\n", label.kind,
                         kLeft + kPlotWidth + 10, label.y + 4, short_number(label.value));
    }
    return out;
  }

  const HistoryPanel& panel_;
  const Axis& x_axis_;
  Axis y_axis_;
  bool any_ = false;  // is any value on the scale?
};

}  // namespace

constexpr std::string_view kPanelStyle = R"(
    .back { fill: #ffffff } .title { fill: #1f2328; font-size: 15px; font-weight: 600 }
    .note { fill: #59636e } .grid { stroke: #d8dee4 } .axis { stroke: #8c959f }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
    .label { font-weight: 600 } .dot, .cross { stroke-width: 2 } .cross { fill: none }
    .training.line, .training.dot, .training.cross { stroke: #0969da }
    .validation.line, .validation.dot, .validation.cross { stroke: #bc4c00 }
    .training.label, .training.dot { fill: #0969da }
    .validation.label { fill: #bc4c00 } .validation.dot { fill: #ffffff }
    @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } .title { fill: #e6edf3 }
      .note { fill: #9198a1 } .grid { stroke: #2a313a } .axis { stroke: #656c76 }
      .training.line, .training.dot, .training.cross { stroke: #58a6ff }
      .validation.line, .validation.dot, .validation.cross { stroke: #f0883e }
      .training.label, .training.dot { fill: #58a6ff }
      .validation.label { fill: #f0883e } .validation.dot { fill: #0d1117 }
    }
)";

std::string panel_svg(const HistoryPanel& panel, const Axis& epochs) {
  return PanelPlot(panel, epochs).svg();
}

}  // namespace keratin::detail
