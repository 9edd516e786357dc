// A model's graph as a drawing in SVG.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "nn/inspect/cells.h"
#include "nn/inspect/layered_layout.h"
#include "nn/inspect/markup.h"
#include "nn/inspect/model_picture.h"

namespace keratin::detail {
namespace {

// Pixels.
constexpr double kMargin = 24, kSide = 12, kTitle = 32, kLine = 17, kAbove = 7, kHead = 9;
constexpr double kFrame = 18, kFrameTitle = 30;  // of a model that is drawn open
constexpr std::int64_t kMostCells = 44;          // of a line of shapes

constexpr std::string_view kStyle = R"(
    .back { fill: #ffffff } .box { fill: #ffffff; stroke: #24292f } .title { fill: #24292f }
    .name { fill: #ffffff; font-weight: 600 } .class { fill: #ffffff } .what { fill: #59636e }
    .value { fill: #1f2328; font-weight: 600 } .rule { stroke: #d0d7de }
    .arrow { fill: none; stroke: #59636e; stroke-width: 1.5 } .head { fill: #59636e }
    .frame { fill: #818b981f; stroke: #818b98; stroke-dasharray: 6 4 } .model { fill: #59636e }
    .yes { fill: #1a7f37; font-weight: 600 } .no { fill: #cf222e; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } .box { fill: #161b22; stroke: #656c76 } .title { fill: #3d444d }
      .name, .class { fill: #f0f6fc } .what { fill: #9198a1 } .value { fill: #e6edf3 }
      .rule { stroke: #3d444d } .arrow { stroke: #9198a1 } .head { fill: #9198a1 }
      .frame { stroke: #656c76 } .model { fill: #9198a1 }
      .yes { fill: #3fb950 } .no { fill: #f85149 }
    }
)";

// About the width of a text of 13 pixels in the widest of the common fonts, DejaVu Sans. Bold is
// wider by an eighth.
double text_width(std::string_view text, bool bold = false) {
  double width = 0;
  for (const Glyph& glyph : glyphs(text)) {
    const char c = glyph.bytes[0];
    const bool narrow = std::string_view("iIjltfr.,:;'|()[]! ").find(c) != std::string_view::npos;
    const bool wide = (c >= 'A' && c <= 'Z' && c != 'I') || c == 'm' || c == 'w';
    width += static_cast<double>(glyph.cells) * (narrow ? 5.3 : wide ? 10 : 8.3);
  }
  return bold ? width * 1.125 : width;
}

// Cut at spaces into lines of at most kMostCells, where that is possible.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  int depth = 0;  // "(None, 10)" stays whole
  std::string word;
  const auto flush = [&] {
    if (!lines.back().empty() && cell_width(lines.back() + word) > kMostCells) {
      lines.back().pop_back();  // the space
      lines.emplace_back();
    }
    lines.back() += word;
    word.clear();
  };
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    word += c;
    if (c == ' ' && depth == 0) flush();
  }
  flush();
  return lines;
}

std::string text_at(std::string_view style, double x, double y, std::string_view text,
                    std::string_view anchor = "middle") {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
                     style, x, y, anchor, escaped(text));
}

// One cell of the row under the title.
struct Cell {
  std::string what;
  std::vector<std::string> lines;
  std::string_view style = "value";
  double width = 0;
};

struct Drawing {
  std::string svg;
  Extent size;
};

Drawing draw(const ModelPicture& picture, const std::string& rankdir);

Drawing draw_open(const LayerBox& box, const std::string& rankdir) {
  const ModelPicture& inner = *box.inner;
  const Drawing drawing = draw(inner, rankdir);
  const std::string title = fmt::format("{} ({})", inner.name, box.class_name);
  const Extent size = {std::max(drawing.size.width, text_width(title)) + 2 * kFrame,
                       drawing.size.height + kFrameTitle + kFrame};
  const double left = (size.width - drawing.size.width) / 2;
  return {fmt::format("<rect class=\"frame\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"8\"/>{}\n"
                      "<g transform=\"translate({:.1f} {})\">\n{}</g>\n",
                      size.width, size.height, text_at("model", kFrame, 20, title, "start"), left,
                      kFrameTitle, drawing.svg),
          size};
}

Drawing draw_box(const LayerBox& box) {
  std::vector<Cell> cells;
  for (const auto& [what, value] : box.facts) cells.push_back({what, lines_of(value)});
  if (box.trainable) {
    cells.push_back(
        {"Weights", {*box.trainable ? "trainable" : "frozen"}, *box.trainable ? "yes" : "no"});
  }
  double cells_width = 0;
  std::size_t lines = 0;
  for (Cell& cell : cells) {
    cell.width = text_width(cell.what);
    for (const std::string& line : cell.lines)
      cell.width = std::max(cell.width, text_width(line, true));
    cell.width += 2 * kSide;
    cells_width += cell.width;
    lines = std::max(lines, cell.lines.size() + 1);
  }
  const std::string class_name = box.name.empty() ? "" : fmt::format(" ({})", box.class_name);
  const std::string& name = box.name.empty() ? box.class_name : box.name;
  const double title = text_width(name, true) + text_width(class_name) + 2 * kSide;
  const double activation =
      box.activation.empty() ? 0 : text_width("Activation: " + box.activation, true) + 2 * kSide;
  const double width = std::max({cells_width, title, activation, 72.0});
  const double activation_height = box.activation.empty() ? 0 : kLine + 2 * kAbove;
  const double height = kTitle + activation_height +
                        (cells.empty() ? 0 : kLine * static_cast<double>(lines) + 2 * kAbove);

  const bool alone = height == kTitle;  // then its lower corners are round too
  std::string svg = fmt::format(
      "<rect class=\"box\" width=\"{0:.1f}\" height=\"{1:.1f}\" rx=\"4\"/>"
      "<path class=\"title\" d=\"M0 {2}V4a4 4 0 0 1 4 -4H{6:.1f}a4 4 0 0 1 4 4V{2}{7}z\"/>"
      "<text x=\"{3:.1f}\" y=\"21\" text-anchor=\"middle\"><tspan class=\"name\">{4}</tspan>"
      "<tspan class=\"class\">{5}</tspan></text>\n",
      width, height, alone ? kTitle - 4 : kTitle, width / 2, escaped(name), escaped(class_name),
      width - 4, alone ? fmt::format("a4 4 0 0 1 -4 4H4a4 4 0 0 1 -4 -4") : "");
  double y = kTitle;
  if (!box.activation.empty()) {
    svg += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\"><tspan class=\"what\">Activation: "
        "</tspan><tspan class=\"value\">{}</tspan></text>\n",
        width / 2, y + kAbove + 13, escaped(box.activation));
    y += activation_height;
    if (!cells.empty()) svg += fmt::format("<path class=\"rule\" d=\"M0 {}H{:.1f}\"/>\n", y, width);
  }
  const double spread =
      cells.empty() ? 0 : (width - cells_width) / static_cast<double>(cells.size());
  double x = 0;
  for (const Cell& cell : cells) {
    const double middle = x + (cell.width + spread) / 2;
    if (x > 0) svg += fmt::format("<path class=\"rule\" d=\"M{:.1f} {}V{:.1f}\"/>\n", x, y, height);
    double baseline = y + kAbove + 13;
    svg += text_at("what", middle, baseline, cell.what);
    for (const std::string& line : cell.lines) {
      baseline += kLine;
      svg += text_at(cell.style, middle, baseline, line);
    }
    svg += '\n';
    x += cell.width + spread;
  }
  return {svg, {width, height}};
}

// Between the layout, whose arrows lead down, and the drawing.
class Turn {
 public:
  Turn(const std::string& rankdir, Extent layout)
      : sideways_(is_sideways(rankdir)),
        back_(rankdir == "BT" || rankdir == "RL"),
        layout_(layout) {}

  static bool is_sideways(const std::string& rankdir) { return rankdir == "LR" || rankdir == "RL"; }
  static Extent turned(const std::string& rankdir, Extent e) {
    return is_sideways(rankdir) ? Extent{e.height, e.width} : e;
  }
  Place operator()(Place p) const {
    if (back_) p.y = layout_.height - p.y;
    return sideways_ ? Place{p.y, p.x} : p;
  }
  // The upper left corner of a box, from that in the layout.
  Place corner(Place p, Extent box) const {
    if (back_) p.y = layout_.height - p.y - (sideways_ ? box.width : box.height);
    return sideways_ ? Place{p.y, p.x} : p;
  }

 private:
  bool sideways_, back_;
  Extent layout_;
};

std::string arrow(const std::vector<Place>& route, const Turn& turn) {
  const auto text = [&](Place p) {
    const Place at = turn(p);
    return fmt::format("{:.1f} {:.1f}", at.x, at.y);
  };
  const Place end = route.back();
  const double back = end.y >= route.front().y ? -kHead : kHead;
  std::string path = "M" + text(route[0]);
  for (std::size_t i = 1; i < route.size(); ++i) {
    const Place a = route[i - 1];
    Place b = route[i];
    if (i + 1 == route.size()) b.y += back / 2;  // the line ends within the head
    if (i % 2 == 1) {
      if (a.y != b.y) path += "L" + text(b);
    } else {
      const double middle = (a.y + b.y) / 2;
      path += fmt::format("C{} {} {}", text({a.x, middle}), text({b.x, middle}), text(b));
    }
  }
  return fmt::format("<path class=\"arrow\" d=\"{}\"/><path class=\"head\" d=\"M{}L{}L{}z\"/>\n",
                     path, text(end), text({end.x - kHead / 2, end.y + back}),
                     text({end.x + kHead / 2, end.y + back}));
}

// From the right side of a box around to it again.
std::string loop(Place corner, Extent box) {
  const double x = corner.x + box.width, y = corner.y + box.height / 2;
  return fmt::format(
      "<path class=\"arrow\" d=\"M{0:.1f} {1:.1f}C{2:.1f} {1:.1f} {2:.1f} {3:.1f} {4:.1f} "
      "{3:.1f}\"/>"
      "<path class=\"head\" d=\"M{0:.1f} {3:.1f}L{5:.1f} {6:.1f}L{5:.1f} {7:.1f}z\"/>\n",
      x, y - 9, x + 22, y + 9, x + kHead / 2, x + kHead, y + 9 - kHead / 2, y + 9 + kHead / 2);
}

Drawing draw(const ModelPicture& picture, const std::string& rankdir) {
  const auto arrows = distinct_arrows(picture);
  std::vector<Drawing> boxes;
  std::vector<Extent> sizes;
  for (const LayerBox& box : picture.boxes) {
    boxes.push_back(box.inner == nullptr ? draw_box(box) : draw_open(box, rankdir));
    sizes.push_back(Turn::turned(rankdir, boxes.back().size));
  }
  const LayeredLayout layout = layered_layout(sizes, arrows);
  const Turn turn(rankdir, layout.size);
  std::string svg;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Place corner = turn.corner(layout.corners[i], boxes[i].size);
    svg += fmt::format("<g transform=\"translate({:.1f} {:.1f})\">\n{}</g>\n", corner.x, corner.y,
                       boxes[i].svg);
  }
  for (std::size_t e = 0; e < arrows.size(); ++e) {
    const std::size_t from = arrows[e].first;
    svg += layout.routes[e].empty()
               ? loop(turn.corner(layout.corners[from], boxes[from].size), boxes[from].size)
               : arrow(layout.routes[e], turn);
  }
  return {svg, Turn::turned(rankdir, layout.size)};
}

}  // namespace

std::string svg_of(const ModelPicture& picture, const std::string& rankdir) {
  const Drawing drawing = draw(picture, rankdir);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" aria-label=\"Model {2}\" "
      "font-size=\"13\" font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', "
      "sans-serif\">\n<style>{3}</style>\n<rect class=\"back\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\"/>\n<g transform=\"translate({4} {4})\">\n{5}</g>\n</svg>\n",
      drawing.size.width + 2 * kMargin, drawing.size.height + 2 * kMargin, escaped(picture.name),
      kStyle, kMargin, drawing.svg);
}

}  // namespace keratin::detail
