#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace keratin {

/// How well one class is told from the others; all 0 where a quotient has no denominator.
struct ClassScores {
  double precision = 0;      // of the samples said to be of the class, the share that are
  double recall = 0;         // of the samples of the class, the share that were found
  double f1 = 0;             // their harmonic mean
  std::int64_t support = 0;  // samples of the class
};

struct ClassificationReport {
  std::vector<ClassScores> classes;
  double accuracy = 0;
  ClassScores macro_average;     // every class counts the same
  ClassScores weighted_average;  // every sample counts the same
};

/// Scores of every class. A class that neither is nor is said anywhere counts in no average.
/// y_true, y_pred and errors as for confusion_matrix; one sample at least.
/// Source: the names and averages of scikit-learn's classification_report (zero_division=0).
///
///     const auto report = classification_report(y_test, argmax(model.predict(x_test),
///                                                              {.axis = -1}));
///     fmt::print("{}", classification_report_text(report));
ClassificationReport classification_report(const Tensor& y_true, const Tensor& y_pred,
                                           std::optional<std::int64_t> num_classes = {});

struct ClassificationReportTextOptions {
  /// One a class; not given: 0, 1, 2 ...
  std::vector<std::string> class_names = {};
  int digits = 3;  // after the point, 0 to 9
};

/// The report as a table: a row a class, then accuracy and averages. Throws ValueError.
std::string classification_report_text(const ClassificationReport& report,
                                       const ClassificationReportTextOptions& options = {});

}  // namespace keratin
