#include "nn/inspect/classification_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/error.h"
#include "nn/inspect/cells.h"
#include "nn/inspect/class_names.h"
#include "nn/inspect/confusion_matrix.h"

namespace keratin {
namespace {

constexpr std::int64_t kMostNameCells = 30;

double quotient(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace

ClassificationReport classification_report(const Tensor& y_true, const Tensor& y_pred,
                                           std::optional<std::int64_t> num_classes) {
  const Tensor matrix = confusion_matrix(y_true, y_pred, num_classes);
  if (y_true.size() == 0) {
    throw ValueError("classification_report: no samples; expected one at least");
  }
  const std::vector<std::int64_t> counts = matrix.to_vector<std::int64_t>();
  const auto classes = static_cast<std::size_t>(matrix.shape()[0]);
  ClassificationReport report;
  double right = 0, seen_classes = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    std::int64_t said = 0, is = 0;
    for (std::size_t other = 0; other < classes; ++other) {
      is += counts[c * classes + other];
      said += counts[other * classes + c];
    }
    const auto found = static_cast<double>(counts[c * classes + c]);
    // f1 = 2 precision recall / (precision + recall) = 2 found / (said + is)
    const ClassScores scores{.precision = quotient(found, static_cast<double>(said)),
                             .recall = quotient(found, static_cast<double>(is)),
                             .f1 = quotient(2 * found, static_cast<double>(said + is)),
                             .support = is};
    report.classes.push_back(scores);
    right += found;
    if (said + is == 0) continue;
    ++seen_classes;
    const auto add = [&](ClassScores& sum, double weight) {
      sum.precision += weight * scores.precision;
      sum.recall += weight * scores.recall;
      sum.f1 += weight * scores.f1;
      sum.support += is;
    };
    add(report.macro_average, 1);
    add(report.weighted_average, static_cast<double>(is));
  }
  const auto divide = [](ClassScores& sum, double weight) {
    sum.precision /= weight;
    sum.recall /= weight;
    sum.f1 /= weight;
  };
  const auto samples = static_cast<double>(y_true.size());
  divide(report.macro_average, seen_classes);
  divide(report.weighted_average, samples);
  report.accuracy = right / samples;
  return report;
}

std::string classification_report_text(const ClassificationReport& report,
                                       const ClassificationReportTextOptions& options) {
  using detail::Align;
  using detail::aligned;
  using detail::cell_width;
  if (options.digits < 0 || options.digits > 9) {
    throw ValueError(
        fmt::format("classification_report_text: {} digits; expected 0 .. 9", options.digits));
  }
  const std::vector<std::string> names =
      detail::class_names_or_numbers("classification_report_text", options.class_names,
                                     static_cast<std::int64_t>(report.classes.size()));
  constexpr std::string_view macro = "macro average", weighted = "weighted average";
  std::int64_t cells = cell_width(weighted);
  for (const std::string& name : names) {
    cells = std::max(cells, std::min(cell_width(name), kMostNameCells));
  }
  std::string text =
      aligned("", cells, Align::right) +
      fmt::format("  {:>9}  {:>9}  {:>9}  {:>9}\n", "precision", "recall", "f1", "support");
  const auto number = [&](double value) { return fmt::format("{:.{}f}", value, options.digits); };
  const auto row = [&](std::string_view name, const ClassScores& scores) {
    text += aligned(name, cells, Align::right) +
            fmt::format("  {:>9}  {:>9}  {:>9}  {:>9}\n", number(scores.precision),
                        number(scores.recall), number(scores.f1), scores.support);
  };
  for (std::size_t c = 0; c < names.size(); ++c) row(names[c], report.classes[c]);
  text += "\n" + aligned("accuracy", cells, Align::right) +
          fmt::format("  {:>9}  {:>9}  {:>9}  {:>9}\n", "", "", number(report.accuracy),
                      report.weighted_average.support);
  row(macro, report.macro_average);
  row(weighted, report.weighted_average);
  return text;
}

}  // namespace keratin
