// A model's graph in the language of Graphviz, in the manner of Keras' model_to_dot.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "nn/inspect/markup.h"
#include "nn/inspect/model_picture.h"

namespace keratin::detail {
namespace {

// In a string in quotes.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + '"';
}

std::string label_of(const LayerBox& box) {
  const std::size_t columns =
      std::max<std::size_t>(1, box.facts.size() + box.trainable.has_value());
  const std::string title =
      box.name.empty() ? fmt::format("<b>{}</b>", escaped(box.class_name))
                       : fmt::format("<b>{}</b> ({})", escaped(box.name), escaped(box.class_name));
  std::string table = fmt::format(
      "<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"8\">"
      "<tr><td colspan=\"{}\" bgcolor=\"black\"><font color=\"white\">{}</font></td></tr>",
      columns, title);
  if (!box.activation.empty()) {
    table += fmt::format("<tr><td colspan=\"{}\">Activation: <b>{}</b></td></tr>", columns,
                         escaped(box.activation));
  }
  if (!box.facts.empty() || box.trainable) {
    table += "<tr>";
    for (const auto& [what, value] : box.facts) {
      table += fmt::format("<td>{}: <b>{}</b></td>", what, escaped(value));
    }
    if (box.trainable) {
      table += fmt::format("<td bgcolor=\"{}\"><font color=\"white\"><b>{}</b></font></td>",
                           *box.trainable ? "forestgreen" : "firebrick",
                           *box.trainable ? "Trainable" : "Non-trainable");
    }
    table += "</tr>";
  }
  return table + "</table>";
}

class Dot {
 public:
  std::string text(const ModelPicture& picture, const std::string& rankdir) {
    add(picture, "layer", 1);
    std::string out = fmt::format(
        "digraph {} {{\n  rankdir={};\n  node [shape=plain, fontname=\"Helvetica\"];\n"
        "  edge [penwidth=1.5];\n",
        quoted(picture.name), rankdir);
    return out + nodes_ + edges_ + "}\n";
  }

 private:
  static std::string id(const std::string& prefix, std::size_t box) {
    return fmt::format("{}_{}", prefix, box);
  }

  // Of an arrow into a box that is drawn open, the box within that takes that input ...
  static std::string entry(const LayerBox& box, const std::string& name, std::size_t input) {
    if (box.inner == nullptr) return name;
    const ModelPicture& inner = *box.inner;
    const std::size_t at = inner.inputs[std::min(input, inner.inputs.size() - 1)];
    return entry(inner.boxes[at], id(name, at), input);
  }
  // ... and out of one, the box within that gives it.
  static std::string exit(const LayerBox& box, const std::string& name, std::size_t output) {
    if (box.inner == nullptr) return name;
    const ModelPicture& inner = *box.inner;
    const auto [at, index] = inner.outputs[std::min(output, inner.outputs.size() - 1)];
    return exit(inner.boxes[at], id(name, at), index);
  }

  void add(const ModelPicture& picture, const std::string& prefix, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
      const LayerBox& box = picture.boxes[b];
      const std::string name = id(prefix, b);
      if (box.inner == nullptr) {
        nodes_ += fmt::format("{}{} [label=<{}>];\n", indent, name, label_of(box));
        continue;
      }
      nodes_ += fmt::format(
          "{0}subgraph cluster_{1} {{\n{0}  label={2};\n{0}  labeljust=l;\n{0}  style=dashed;\n",
          indent, name, quoted(box.inner->name));
      add(*box.inner, name, depth + 1);
      nodes_ += indent + "}\n";
    }
    for (const LayerArrow& arrow : picture.arrows) {
      const std::string edge = fmt::format(
          "{} -> {}", exit(picture.boxes[arrow.from], id(prefix, arrow.from), arrow.output),
          entry(picture.boxes[arrow.to], id(prefix, arrow.to), arrow.input));
      if (drawn_.insert(edge).second) edges_ += fmt::format("  {};\n", edge);
    }
  }

  std::string nodes_, edges_;
  std::set<std::string> drawn_;
};

}  // namespace

std::string dot_of(const ModelPicture& picture, const std::string& rankdir) {
  return Dot().text(picture, rankdir);
}

}  // namespace keratin::detail
