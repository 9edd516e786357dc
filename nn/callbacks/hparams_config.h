#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/callbacks/tensor_board.h"

namespace keratin::callbacks {

/// What a hyperparameter may be: one of some values, or a number of a range.
struct HParamDomain {
  std::string name = {};
  std::vector<HParam> values = {};  // of one kind
  std::optional<double> min_value = {};
  std::optional<double> max_value = {};
  std::string display_name = {};  // not given: the name
  std::string description = {};   // Markdown
};

/// A result that runs are compared by.
struct HParamMetric {
  std::string tag = {};              // "epoch_accuracy"
  std::string group = "validation";  // "train" or "validation"
  std::string display_name = {};     // not given: group and tag
  std::string description = {};      // Markdown
};

struct HParamsConfigOptions {
  std::string log_dir = "logs";
  std::vector<HParamDomain> hparams = {};
  std::vector<HParamMetric> metrics = {};
};

/// Says what the trainings of an experiment vary and measure, for TensorBoard's HParams page: once,
/// before them, into the folder above their log_dirs. Without it the page gathers what it finds in
/// them; with it, the page knows domains, other names and which metrics count, and shows no others.
/// Throws ValueError for names that are missing or given twice, values of several kinds, and ranges
/// that are none; FileError for a folder that cannot be written.
///
///     callbacks::hparams_config({.log_dir = "logs",
///                                .hparams = {{.name = "units", .values = {16, 32}}},
///                                .metrics = {{.tag = "epoch_accuracy"}}});
void hparams_config(const HParamsConfigOptions& options);

}  // namespace keratin::callbacks
