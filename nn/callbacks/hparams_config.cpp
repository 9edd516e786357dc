#include "nn/callbacks/hparams_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/inspect/event_file.h"

namespace keratin::callbacks {
namespace {

void check(const HParamDomain& hparam) {
  const auto refuse = [&](const std::string& text) {
    throw ValueError(fmt::format("hparams_config: \"{}\" {}", hparam.name, text));
  };
  const auto other_kind = [&](const HParam& value) {
    return value.value().index() != hparam.values[0].value().index();
  };
  if (std::any_of(hparam.values.begin(), hparam.values.end(), other_kind)) {
    refuse("has values of several kinds; expected texts, numbers, or true and false");
  }
  const std::optional<double>&low = hparam.min_value, &high = hparam.max_value;
  if (!low && !high) return;
  if (!hparam.values.empty()) refuse("has values and a range; expected one of them");
  if (!low || !high) refuse("has one end of a range; expected min_value and max_value");
  if (!(std::isfinite(*low) && std::isfinite(*high) && *low <= *high)) {
    refuse(fmt::format("has a range from {} to {}; expected two numbers, the lower one first", *low,
                       *high));
  }
}

}  // namespace

void hparams_config(const HParamsConfigOptions& options) {
  std::set<std::string> names;
  std::vector<detail::EventFile::HParamInfo> hparams;
  for (const HParamDomain& one : options.hparams) {
    if (one.name.empty()) throw ValueError("hparams_config: a hyperparameter has no name");
    if (!names.insert(one.name).second) {
      throw ValueError(fmt::format(
          "hparams_config: the name \"{}\" is given twice; expected it once", one.name));
    }
    check(one);
    detail::EventFile::HParamInfo info{one.name, one.display_name, one.description};
    for (const HParam& value : one.values) info.values.push_back(value.value());
    if (one.min_value) info.range.emplace(*one.min_value, *one.max_value);
    hparams.push_back(std::move(info));
  }
  std::vector<detail::EventFile::MetricInfo> metrics;
  for (const HParamMetric& one : options.metrics) {
    if (one.tag.empty()) {
      throw ValueError("hparams_config: a metric has no tag; expected one such as \"epoch_loss\"");
    }
    metrics.push_back({one.group, one.tag, one.display_name, one.description});
  }
  detail::EventFile file(options.log_dir);
  file.hparams_experiment(hparams, metrics);
  file.flush();
  if (!file.ok()) {
    throw FileError(fmt::format("hparams_config: {}: cannot be written", file.path()));
  }
}

}  // namespace keratin::callbacks
