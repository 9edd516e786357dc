#include "nn/inspect/confusion_matrix.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/error.h"
#include "nn/inspect/cells.h"
#include "nn/inspect/class_names.h"
#include "nn/inspect/labels.h"

namespace keratin {
namespace {

constexpr std::int64_t kMostClasses = 10'000;  // 800 MB of counts
constexpr std::int64_t kMostLabelCells = 24, kMostHeadCells = 7;

std::int64_t largest(const std::vector<std::int64_t>& labels) {
  return labels.empty() ? -1 : *std::max_element(labels.begin(), labels.end());
}

void check_labels(const std::vector<std::int64_t>& labels, const char* name, std::int64_t classes) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    throw ValueError(
        fmt::format("confusion_matrix: a label out of range: {}[{}] is {}; expected 0 .. {}", name,
                    i, labels[i], classes - 1));
  }
}

// The counts, checked to be a matrix that confusion_matrix could have made.
std::vector<std::int64_t> counts_of(const Tensor& matrix) {
  if (!matrix.defined() || matrix.rank() != 2 || matrix.shape()[0] != matrix.shape()[1]) {
    throw ShapeError(
        fmt::format("confusion_matrix_text: not a square matrix: it is {}; expected "
                    "i64[C, C], as confusion_matrix makes it",
                    matrix.defined() ? matrix.spec().text() : "not set"));
  }
  if (!is_integer(matrix.dtype())) {
    throw DTypeError(fmt::format(
        "confusion_matrix_text: counts must be integers: the matrix is {}; expected i64[C, C]",
        matrix.spec().text()));
  }
  std::vector<std::int64_t> counts = matrix.to_vector<std::int64_t>();
  for (const std::int64_t count : counts) {
    if (count < 0) {
      throw ValueError(fmt::format(
          "confusion_matrix_text: a negative count: {}; expected 0 or more samples", count));
    }
  }
  return counts;
}

}  // namespace

Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred,
                        std::optional<std::int64_t> num_classes) {
  const std::vector<std::int64_t> truth = detail::labels_of("confusion_matrix", "y_true", y_true);
  const std::vector<std::int64_t> said = detail::labels_of("confusion_matrix", "y_pred", y_pred);
  if (truth.size() != said.size()) {
    throw ShapeError(
        fmt::format("confusion_matrix: different numbers of samples: y_true is {}, y_pred is {}",
                    y_true.spec().text(), y_pred.spec().text()));
  }
  const std::int64_t classes =
      num_classes ? *num_classes : std::max(largest(truth), largest(said)) + 1;
  if (classes < 1 || classes > kMostClasses) {
    throw ValueError(fmt::format(
        "confusion_matrix: {} classes{}; expected 1 .. {}. Pass num_classes, or look for a label "
        "that is wrong.",
        classes, num_classes ? "" : " by the largest label", kMostClasses));
  }
  check_labels(truth, "y_true", classes);
  check_labels(said, "y_pred", classes);
  Tensor matrix = zeros({classes, classes}, int64);
  auto* counts = matrix.mutable_data<std::int64_t>();
  for (std::size_t i = 0; i < truth.size(); ++i) ++counts[truth[i] * classes + said[i]];
  return matrix;
}

std::string confusion_matrix_text(const Tensor& matrix, const ConfusionMatrixTextOptions& options) {
  using detail::Align;
  using detail::aligned;
  using detail::cell_width;
  const std::vector<std::int64_t> counts = counts_of(matrix);
  const std::int64_t classes = matrix.shape()[0];
  const std::vector<std::string> names =
      detail::class_names_or_numbers("confusion_matrix_text", options.class_names, classes);

  constexpr std::string_view corner = "is \\ said";
  std::int64_t label_cells = cell_width(corner), head_cells = 1;
  for (const std::string& name : names) {
    label_cells = std::max(label_cells, std::min(cell_width(name), kMostLabelCells));
    head_cells = std::max(head_cells, std::min(cell_width(name), kMostHeadCells));
  }
  for (const std::int64_t count : counts) {
    head_cells = std::max(head_cells, cell_width(fmt::format("{}", count)));
  }

  std::string text = aligned(corner, label_cells, Align::right);
  for (const std::string& name : names) text += "  " + aligned(name, head_cells, Align::right);
  text += "   recall\n";
  for (std::int64_t t = 0; t < classes; ++t) {
    text += aligned(names[static_cast<std::size_t>(t)], label_cells, Align::right);
    std::int64_t total = 0;
    for (std::int64_t s = 0; s < classes; ++s) {
      const std::int64_t count = counts[static_cast<std::size_t>(t * classes + s)];
      total += count;
      text += "  " + aligned(count == 0 ? "·" : fmt::format("{}", count), head_cells, Align::right);
    }
    const auto found = static_cast<double>(counts[static_cast<std::size_t>(t * classes + t)]);
    const std::string recall =
        total == 0 ? "-" : fmt::format("{:.1f} %", 100 * found / static_cast<double>(total));
    text += fmt::format("  {:>7}\n", recall);
  }
  return text;
}

}  // namespace keratin
