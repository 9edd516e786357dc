#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/bytes.h"
#include "keratin.h"
#include "nn/inspect/table.h"
#include "nn/inspect/terminal.h"
#include "nn/model/model_layer.h"
#include "tools/keratin/commands.h"
#include "tools/keratin/samples.h"

namespace keratin::tools {
namespace {

using detail::StyledText;

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  if (path.empty()) return lines;
  const data::Bytes bytes = data::read_file("predict", path);
  std::string_view text = bytes.text();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Are these numbers probabilities of classes, of which one is true?
bool is_distribution(const std::vector<double>& row) {
  if (row.size() < 2) return false;
  double sum = 0;
  for (const double p : row) {
    if (!(p >= 0)) return false;
    sum += p;
  }
  return std::abs(sum - 1) < 1e-2;
}

class Words {
 public:
  explicit Words(const PredictCommand& command)
      : top_(static_cast<std::size_t>(command.top)), labels_(lines_of(command.labels)) {}

  // What the model says of one sample.
  std::string of(const Tensor& y) const {
    if (y.dtype() == string) return fmt::format("{}", fmt::join(y.strings(), ", "));
    const std::vector<double> row = y.to_vector<double>();
    if (row.size() == 1) return fmt::format("{:.6g}", row[0]);
    if (y.rank() == 1 && is_distribution(row)) return classes(row);
    if (!labels_.empty()) {
      throw ValueError(
          fmt::format("predict: labels are for probabilities of classes; the model says {}, which "
                      "are none. Leave --labels out.",
                      y.spec().text()));
    }
    constexpr std::size_t kMost = 12;
    std::string text;
    for (std::size_t i = 0; i < std::min(row.size(), kMost); ++i) {
      text += fmt::format("{}{:.6g}", i == 0 ? "" : " ", row[i]);
    }
    if (row.size() <= kMost) return text;
    const auto [least, most] = std::minmax_element(row.begin(), row.end());
    return fmt::format("{} ... {} from {:.6g} to {:.6g}", text, y.shape().text(), *least, *most);
  }

 private:
  std::string classes(const std::vector<double>& row) const {
    if (!labels_.empty() && labels_.size() != row.size()) {
      throw ValueError(fmt::format("predict: {} labels for a model of {} classes; expected as many",
                                   labels_.size(), row.size()));
    }
    std::vector<std::size_t> order(row.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
    std::string text;
    for (std::size_t i = 0; i < std::min(top_, order.size()); ++i) {
      const std::size_t k = order[i];
      const std::string name = labels_.empty() ? fmt::format("class {}", k) : labels_[k];
      text += fmt::format("{}{} {:.1f}%", i == 0 ? "" : ", ", name, 100 * row[k]);
    }
    return text;
  }

  std::size_t top_;
  std::vector<std::string> labels_;
};

}  // namespace

void predict(const PredictCommand& command) {
  const Words words(command);
  Model model = load_model(command.model, {.compile = false});
  const detail::Graph& graph = *detail::model_state(model).graph();
  const std::vector<std::string> outputs = graph.output_names();
  std::vector<std::vector<StyledText>> rows;
  std::int64_t longest = 5;
  for (const Samples& samples : read_samples(graph.inputs(), command.inputs, command.scale)) {
    const Tensors y = model.predict(samples.x, {.verbose = 0});
    for (std::size_t i = 0; i < samples.titles.size(); ++i) {
      rows.push_back({{{samples.titles[i]}}});
      longest = std::max(longest, detail::cell_width(samples.titles[i]));
      for (std::int64_t k = 0; k < y.count(); ++k) {
        rows.back().push_back({{words.of(y.get(k)[static_cast<std::int64_t>(i)])}});
      }
    }
  }
  const auto count = static_cast<std::int64_t>(outputs.size());
  const std::int64_t columns = std::clamp<std::int64_t>(detail::terminal_columns(), 40, 160);
  const std::int64_t input = std::min<std::int64_t>(longest, columns / 3);
  const std::int64_t each = std::max<std::int64_t>((columns - 4 - input) / count - 3, 12);
  std::vector<detail::TableColumn> header = {{.header = "Input", .cells = input}};
  for (const std::string& name : outputs) header.push_back({.header = name, .cells = each});
  detail::write_stdout(detail::table_text(header, rows, detail::stdout_takes_styles()));
}

}  // namespace keratin::tools
