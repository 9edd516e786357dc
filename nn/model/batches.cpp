#include "nn/model/batches.h"

#include <fmt/format.h>

#include <cmath>

#include "autograd/ops/sum.h"
#include "kernels/reduce/reduce.h"
#include "tensor/cast.h"
#include "tensor/compare.h"

namespace keratin::detail {
namespace {

Tensors rows_of(const Tensors& tensors, std::int64_t first, std::int64_t last) {
  return tensors.map([&](const Tensor& t) { return t.slice(first, last); });
}

}  // namespace

Example narrowed(const Example& samples) {
  const auto narrow = [](const Tensor& t) { return t.dtype() == float64 ? cast(t, float32) : t; };
  return {samples.x.map(narrow), samples.y.map(narrow), samples.sample_weight.map(narrow)};
}

std::int64_t sample_count(const char* what, const Example& samples) {
  if (samples.x.none()) throw ValueError(fmt::format("{}: no data was given", what));
  std::int64_t rows = -1;
  std::string all;
  bool agree = true;
  for (const auto& [role, tensors] :
       {std::pair("x", &samples.x), {"y", &samples.y}, {"sample_weight", &samples.sample_weight}}) {
    for (const auto& [name, tensor] : tensors->entries()) {
      if (!tensor.defined() || tensor.rank() < 1) {
        throw ValueError(fmt::format(
            "{}: {}{} {}; expected rows of samples, [samples, ...]", what, role,
            name.empty() ? "" : " \"" + name + "\"",
            tensor.defined() ? "is " + tensor.spec().text() : std::string("was never set")));
      }
      all += fmt::format("{}{}{} {}", all.empty() ? "" : ", ", role,
                         name.empty() ? "" : " \"" + name + "\"", tensor.spec().text());
      if (rows >= 0 && tensor.shape()[0] != rows) agree = false;
      rows = rows < 0 ? tensor.shape()[0] : rows;
    }
  }
  if (!agree) {
    throw ShapeError(fmt::format("{}: numbers of samples differ: {}", what, all));
  }
  if (rows == 0) throw ValueError(fmt::format("{}: the data is empty: {}", what, all));
  return rows;
}

data::Dataset batches_of(const char* what, const Example& samples, std::int64_t batch_size,
                         std::optional<std::uint64_t> shuffle_seed) {
  const std::int64_t rows = sample_count(what, samples);
  if (batch_size < 1) {
    throw ValueError(fmt::format("{}: batch_size is {}; expected at least 1", what, batch_size));
  }
  const Example narrow = narrowed(samples);
  data::Dataset all = data::from_tensor_slices(narrow.x, narrow.y, narrow.sample_weight);
  if (shuffle_seed) {
    all = all.shuffle(rows, {.seed = static_cast<std::int64_t>(*shuffle_seed)});
  }
  return all.batch(batch_size);
}

std::pair<Example, Example> split_off_end(const Example& samples, double share) {
  const std::int64_t rows = sample_count("fit", samples);
  if (!(share > 0 && share < 1)) {
    throw ValueError(fmt::format("fit: validation_split is {}; expected between 0 and 1", share));
  }
  const auto first = static_cast<std::int64_t>(std::floor(static_cast<double>(rows) * (1 - share)));
  if (first == 0 || first == rows) {
    throw ValueError(
        fmt::format("fit: validation_split {} of {} samples leaves one side empty", share, rows));
  }
  const auto part = [&](std::int64_t from, std::int64_t to) {
    return Example{rows_of(samples.x, from, to), rows_of(samples.y, from, to),
                   rows_of(samples.sample_weight, from, to)};
  };
  return {part(0, first), part(first, rows)};
}

Tensors weights_of_classes(const ClassWeight& class_weight, const Example& batch) {
  if (class_weight.empty()) return batch.sample_weight;
  if (!batch.sample_weight.none()) {
    throw ValueError("fit: class_weight and sample_weight can't be given together");
  }
  if (batch.y.count() != 1) {
    throw ValueError(
        fmt::format("fit: class_weight goes with one target; the data has {}", batch.y.count()));
  }
  Tensor classes = batch.y.get(0);
  if (classes.rank() > 1 && classes.shape().back() == 1) {
    classes = classes.reshaped(classes.shape().slice(0, classes.rank() - 1));
  } else if (classes.rank() > 1) {
    classes = argmax(classes, {.axis = -1});
  }
  Tensor weights = ones(classes.shape());
  const std::vector<std::int64_t> numbers = classes.to_vector<std::int64_t>();
  float* const w = weights.mutable_data<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (const auto& [label, weight] : class_weight) {
      if (numbers[i] == label) w[i] = static_cast<float>(weight);
    }
  }
  return weights;
}

void refuse_nan(const char* what, const Example& batch, std::int64_t number) {
  for (const auto& [role, tensors] :
       {std::pair("x", &batch.x), {"y", &batch.y}, {"sample_weight", &batch.sample_weight}}) {
    for (const auto& [name, tensor] : tensors->entries()) {
      if (!is_floating(tensor.dtype()) || !std::isnan(sum(tensor).item<double>())) continue;
      const std::vector<double> values = tensor.to_vector<double>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isnan(values[i])) continue;
        const auto row =
            static_cast<std::int64_t>(i) /
            std::max<std::int64_t>(1, tensor.size() / std::max<std::int64_t>(1, tensor.shape()[0]));
        throw ValueError(fmt::format(
            "{}: {}{} {} has a NaN in row {} of batch {}, element {}; nothing can be learned from "
            "it. Replace or drop such samples.",
            what, role, name.empty() ? "" : " \"" + name + "\"", tensor.spec().text(), row, number,
            i));
      }
    }
  }
}

}  // namespace keratin::detail
