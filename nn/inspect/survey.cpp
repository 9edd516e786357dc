#include "nn/inspect/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/pipeline/make_dataset.h"
#include "data/pipeline/structure.h"

namespace keratin::detail {
namespace {

using data::detail::kParts;

// Is `element` a batch? What made it may say so; else its tensors share a first axis.
bool looks_batched(const Example& element) {
  std::int64_t rows = -1;
  bool shared = !element.y.none();  // x alone says nothing
  data::detail::for_each_tensor(element, [&](const Tensor& tensor) {
    if (!tensor.defined() || tensor.rank() == 0) {
      shared = false;
      return;
    }
    if (rows < 0) rows = tensor.shape()[0];
    shared = shared && tensor.shape()[0] == rows;
  });
  return shared;
}

void add_numbers(SurveyColumn& column, const Tensor& sample) {
  for (const double value : sample.to_vector<double>()) {
    ++column.numbers;
    if (std::isnan(value)) {
      ++column.nans;
    } else if (std::isinf(value)) {
      ++column.infinities;
    } else {
      column.least = std::min(column.least, value);
      column.most = std::max(column.most, value);
      column.sum += value;
    }
  }
}

void add_texts(SurveyColumn& column, const Tensor& sample) {
  for (const std::string& text : sample.strings()) {
    const std::int64_t bytes = std::ssize(text);
    column.shortest = column.shortest < 0 ? bytes : std::min(column.shortest, bytes);
    column.longest = std::max(column.longest, bytes);
  }
}

void add_label(SurveyColumn& column, const Tensor& sample) {
  if (column.part != "y" || !column.is_label) return;
  if (sample.size() == 1) {
    column.one_hot = false;
    if (sample.dtype() == string) {
      column.texts.push_back(sample.strings()[0]);
    } else {
      column.labels.push_back(sample.to_vector<double>()[0]);
    }
    return;
  }
  column.is_label = false;
  if (!column.one_hot || sample.rank() != 1 || sample.dtype() == string) return;
  const std::vector<double> values = sample.to_vector<double>();
  const auto ones = std::ranges::count(values, 1.0), zeros = std::ranges::count(values, 0.0);
  if (ones != 1 || ones + zeros != std::ssize(values)) return;
  column.is_label = true;
  column.labels.push_back(static_cast<double>(std::ranges::find(values, 1.0) - values.begin()));
}

void add_shape(SurveyColumn& column, const Shape& shape, bool first) {
  if (first) {
    column.shape = shape;
  } else if (shape.rank() != column.shape.rank()) {
    column.same_rank = false;
  } else {
    for (std::int64_t axis = 0; axis < shape.rank(); ++axis)
      if (shape[axis] != column.shape[axis]) column.shape = column.shape.with(axis, None);
  }
}

void add(Survey& survey, const Example& sample, std::int64_t kept) {
  std::size_t at = 0;
  for (const auto& part : kParts) {
    const Tensors& tensors = sample.*part.tensors;
    for (std::int64_t i = 0; i < tensors.count(); ++i, ++at) {
      const Tensor& tensor = tensors.get(i);
      if (!tensor.defined()) {
        throw ValueError(fmt::format("preview: {} of sample {} has no value: it was never set",
                                     data::detail::tensor_name(part.name, tensors, i),
                                     survey.samples));
      }
      const std::string name = data::detail::tensor_name(part.name, tensors, i);
      if (survey.samples == 0)
        survey.columns.push_back({.name = name, .part = part.name, .dtype = tensor.dtype()});
      if (at >= survey.columns.size() || survey.columns[at].name != name ||
          survey.columns[at].dtype != tensor.dtype()) {
        throw ValueError(fmt::format(
            "preview: sample {} differs in structure or dtype: it has {}, the first one "
            "something else; samples must be alike",
            survey.samples, data::detail::listing(sample)));
      }
      SurveyColumn& column = survey.columns[at];
      add_shape(column, tensor.shape(), survey.samples == 0);
      if (tensor.dtype() == string) {
        add_texts(column, tensor);
      } else {
        add_numbers(column, tensor);
      }
      add_label(column, tensor);
      if (std::ssize(column.first) < kept) column.first.push_back(tensor.copy());
    }
  }
  ++survey.samples;
}

std::string share(std::int64_t part, std::int64_t all) {
  return fmt::format("{:.0f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

void warn_of_numbers(const SurveyColumn& column, std::vector<std::string>& warnings) {
  const auto say = [&](const std::string& text) { warnings.push_back(column.name + " " + text); };
  if (column.nans > 0) {
    say(fmt::format(
        "holds NaN: {} of {} numbers; one is enough to make every weight NaN. Fill or filter them.",
        column.nans, column.numbers));
  }
  if (column.infinities > 0)
    say(fmt::format("holds infinities: {} of {} numbers", column.infinities, column.numbers));
  if (!column.same_rank) {
    say("differs in rank from sample to sample; batch needs equal shapes.");
  } else if (!column.shape.is_known()) {
    say(
        fmt::format("differs in shape from sample to sample, {}; resize it in map, or use "
                    "padded_batch.",
                    column.shape.text()));
  }
  if (column.part != "x" || !column.has_range() || column.dtype == boolean) return;
  if (column.least == column.most && column.numbers > 1)
    say(fmt::format("is {} everywhere: there is nothing to learn from.", column.least));
  if (column.is_image() && column.most > 2 && column.most <= 255) {
    say(
        fmt::format("goes up to {:g}, as bytes do; put layers::Rescaling({{.scale = 1.0 / 255}}) "
                    "first in the model.",
                    column.most));
  } else if (is_floating(column.dtype) && std::max(-column.least, column.most) > 100) {
    say(
        fmt::format("goes from {:g} to {:g}; networks learn best from numbers around -1 to 1: "
                    "subtract the mean and divide by the deviation.",
                    column.least, column.most));
  }
}

void warn_of_labels(const SurveyColumn& column, const Survey& survey,
                    std::vector<std::string>& warnings) {
  const auto say = [&](const std::string& text) { warnings.push_back(column.name + " " + text); };
  if (column.part == "y" && column.dtype == string) {
    say("holds texts; losses take numbers. Number the classes from 0 on in map.");
    return;
  }
  if (!column.has_classes()) return;
  const auto counts = column.counts();
  const auto all = std::ssize(column.labels);
  const double least = counts.begin()->first, most = counts.rbegin()->first;
  const auto classes = std::ssize(counts);
  const bool some = !survey.whole;
  if (classes == 1 && all > 1) {
    say(fmt::format("is {:g} in all {} samples{}", least, all,
                    some ? ": if classes follow one another, shuffle with a buffer of all samples."
                         : ": there is nothing to tell apart."));
    return;
  }
  if (least < 0) {
    say(fmt::format("goes from {:g} to {:g}; crossentropies take labels from 0 on{}", least, most,
                    classes == 2 ? ", hinge -1 and 1." : "."));
  } else if (!column.one_hot && least > 0 && most - least + 1 == static_cast<double>(classes)) {
    say(
        fmt::format("goes from {:g} to {:g}, not from 0 to {}; subtract {:g}, or the model needs "
                    "{:g} outputs.",
                    least, most, classes - 1, least, most + 1));
  } else if (!column.one_hot && !some && most + 1 > static_cast<double>(classes)) {
    say(fmt::format("leaves out {:g} of the labels from 0 to {:g}; number the classes 0 to {}.",
                    most + 1 - static_cast<double>(classes), most, classes - 1));
  }
  if (all > 2 * classes && std::ranges::is_sorted(column.labels))
    say("comes sorted; shuffle with a buffer of all samples.");
  const auto largest = std::ranges::max_element(
      counts, {}, [](const std::pair<const double, std::int64_t>& entry) { return entry.second; });
  if (all >= 20 && largest->second * 10 > all * 9) {
    say(
        fmt::format("is {:g} in {} of the samples: accuracy says little there; look at other "
                    "metrics, or give class_weight.",
                    largest->first, share(largest->second, all)));
  }
}

}  // namespace

bool SurveyColumn::is_image() const {
  if (!same_rank || part != "x" || (dtype != uint8 && !is_floating(dtype))) return false;
  if (shape.rank() != 2 && shape.rank() != 3) return false;
  if (shape.rank() == 3 && shape[2] != 1 && shape[2] != 3 && shape[2] != 4) return false;
  for (std::int64_t axis = 0; axis < 2; ++axis)
    if (shape[axis] != None && (shape[axis] < 8 || shape[axis] > 4096)) return false;
  return has_range() && nans + infinities == 0 && least >= -1 && most <= 255;
}

bool SurveyColumn::has_classes() const {
  if (part != "y" || !is_label || labels.empty()) return false;
  if (!std::ranges::all_of(labels, [](double v) { return v == std::trunc(v); })) return false;
  // Many different ones are ids or prices.
  const std::int64_t classes = std::ssize(counts());
  return one_hot || classes <= 20 || (!is_floating(dtype) && classes <= std::ssize(labels) / 2);
}

std::map<double, std::int64_t> SurveyColumn::counts() const {
  std::map<double, std::int64_t> counts;
  for (const double label : labels) ++counts[label];
  return counts;
}

std::map<std::string, std::int64_t> SurveyColumn::text_counts() const {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& text : texts) ++counts[text];
  return counts;
}

Survey survey(const Dataset& dataset, std::int64_t samples, std::int64_t kept,
              std::optional<bool> batched) {
  Survey found = {.cardinality = dataset.cardinality()};
  const std::int64_t size = data::detail::PipelineOf::get(dataset, "preview").batch;
  data::Iterator elements = dataset.begin();
  while (found.samples < samples) {
    const std::optional<Example> element = elements.next();
    if (!element) {
      found.whole = true;
      break;
    }
    if (found.elements++ == 0)
      found.batched = batched.value_or(size > 0 || looks_batched(*element));
    if (!found.batched) {
      add(found, *element, kept);
      continue;
    }
    data::Iterator rows =
        data::from_tensors(element->x, element->y, element->sample_weight).unbatch().begin();
    while (found.samples < samples) {
      const std::optional<Example> sample = rows.next();
      if (!sample) break;
      add(found, *sample, kept);
    }
  }
  if (!found.whole && found.elements == found.cardinality && !found.batched) found.whole = true;
  return found;
}

std::vector<std::string> warnings_of(const Survey& survey) {
  std::vector<std::string> warnings;
  if (survey.samples == 0) warnings.push_back("the dataset is empty.");
  for (const SurveyColumn& column : survey.columns) {
    warn_of_numbers(column, warnings);
    warn_of_labels(column, survey, warnings);
  }
  return warnings;
}

}  // namespace keratin::detail
