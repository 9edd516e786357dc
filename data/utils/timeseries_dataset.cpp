#include "data/utils/timeseries_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "data/pipeline/make_dataset.h"
#include "data/pipeline/table.h"
#include "tensor/random.h"

namespace keratin::data {
namespace {

struct Series {
  detail::Table data, targets;
  bool has_targets = false;
  std::int64_t start = 0, length = 0, stride = 1, rate = 1;

  // Sequences of these numbers, one below the other.
  Example gather(const std::vector<std::int64_t>& numbers) const {
    std::vector<std::int64_t> rows, target_rows;
    for (const std::int64_t number : numbers) {
      const std::int64_t first = start + number * stride;
      for (std::int64_t step = 0; step < length; ++step) rows.push_back(first + step * rate);
      target_rows.push_back(first);
    }
    const Tensor x = data.gather(rows).x;
    Example batch = {
        .x = x.reshaped(Shape{std::ssize(numbers), length}.joined(x.shape().slice(1, x.rank())))};
    if (has_targets) batch.y = targets.gather(target_rows).x;
    return batch;
  }
};
using SeriesPtr = std::shared_ptr<const Series>;

class Sequences : public detail::Source<Example> {
 public:
  Sequences(detail::SourcePtr<std::int64_t> numbers, SeriesPtr series, std::int64_t batch)
      : numbers_(std::move(numbers)), series_(std::move(series)), batch_(batch) {}
  detail::PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(numbers_->begin(pass), *series_, batch_);
  }
  std::int64_t cardinality() const override {
    const std::int64_t all = numbers_->cardinality();
    return batch_ == 0 ? all : detail::batch_count(all, batch_, false);
  }

 private:
  struct Run : detail::Pass<Example> {
    Run(detail::PassPtr<std::int64_t> numbers, const Series& series, std::int64_t batch)
        : numbers(std::move(numbers)), series(series), batch(batch) {}
    std::optional<Example> next() override {
      std::vector<std::int64_t> some;
      while (std::ssize(some) < std::max<std::int64_t>(batch, 1)) {
        const auto number = numbers->next();
        if (!number) break;
        some.push_back(*number);
      }
      if (some.empty()) return {};
      Example example = series.gather(some);
      if (batch > 0) return example;
      const auto single = [](const Tensor& x) { return x[0]; };
      return Example{.x = example.x.map(single), .y = example.y.map(single)};
    }
    void skip(std::int64_t n) override {
      numbers->skip(batch == 0 ? n : detail::element_count(n, batch));
    }
    detail::PassPtr<std::int64_t> numbers;
    const Series& series;
    std::int64_t batch;
  };

  detail::SourcePtr<std::int64_t> numbers_;
  SeriesPtr series_;
  std::int64_t batch_;  // 0: single sequences
};

void check_tensor(const char* name, const Tensor& x) {
  if (!x.defined() || x.rank() == 0) {
    throw ShapeError(fmt::format(
        "timeseries_dataset_from_array: {} is {}; expected [rows, ...], one row a time step", name,
        x.defined() ? x.spec().text() : "not set"));
  }
}

// How many sequences. Throws ValueError.
std::int64_t count_sequences(const Tensor& data, const Tensor& targets,
                             const TimeseriesOptions& options) {
  const std::int64_t rows = data.shape()[0];
  const auto require = [&](bool good, const char* name, std::int64_t given,
                           const std::string& expected) {
    if (!good) {
      throw ValueError(fmt::format("timeseries_dataset_from_array: {} is {}; expected {}", name,
                                   given, expected));
    }
  };
  const std::int64_t start = options.start_index.value_or(0),
                     end = options.end_index.value_or(rows);
  const std::string below = fmt::format("1 or more and less than the {} rows of data", rows);
  require(options.sequence_length > 0, "sequence_length", options.sequence_length, "1 or more");
  require(options.sequence_stride > 0 && (options.sequence_stride < rows || rows < 2),
          "sequence_stride", options.sequence_stride, below);
  require(options.sampling_rate > 0 && (options.sampling_rate < rows || rows < 2), "sampling_rate",
          options.sampling_rate, below);
  if (options.batch_size)
    require(*options.batch_size > 0, "batch_size", *options.batch_size, "1 or more");
  require(start >= 0 && start < std::max<std::int64_t>(rows, 1), "start_index", start,
          fmt::format("0 or more and less than the {} rows of data", rows));
  require(end > start && end <= rows, "end_index", end,
          fmt::format("more than start_index {}, and {}, the rows of data, at most", start, rows));
  std::int64_t span = 0, count = 0;  // of a sequence; of its first rows
  if (__builtin_mul_overflow(options.sequence_length - 1, options.sampling_rate, &span) ||
      span >= end - start) {
    throw ValueError(fmt::format(
        "timeseries_dataset_from_array: no sequence fits: {} steps, {} apart, are longer than the "
        "{} rows from {} to {}",
        options.sequence_length, options.sampling_rate, end - start, start, end));
  }
  count = end - start - span;
  if (targets.defined()) count = std::min(count, targets.shape()[0]);
  const std::int64_t sequences = (count + options.sequence_stride - 1) / options.sequence_stride;
  if (targets.defined() && sequences > 0) {
    const std::int64_t last = start + (sequences - 1) * options.sequence_stride;
    if (last >= targets.shape()[0]) {
      throw ValueError(fmt::format(
          "timeseries_dataset_from_array: targets are too few: {}; the last of {} sequences begins "
          "at row {}. Targets are counted from row 0, not from start_index.",
          targets.spec().text(), sequences, last));
    }
  }
  return sequences;
}

}  // namespace

Dataset timeseries_dataset_from_array(const Tensor& data, const Tensor& targets,
                                      const TimeseriesOptions& options) {
  check_tensor("data", data);
  if (targets.defined()) check_tensor("targets", targets);
  const std::int64_t count = count_sequences(data, targets, options);
  const auto series = std::make_shared<const Series>(
      Series{.data = detail::Table({.x = data}),
             .targets = detail::Table({.x = targets.defined() ? targets : data}),
             .has_targets = targets.defined(),
             .start = options.start_index.value_or(0),
             .length = options.sequence_length,
             .stride = options.sequence_stride,
             .rate = options.sampling_rate});
  detail::SourcePtr<std::int64_t> numbers = detail::all_rows(count);
  if (options.shuffle) {
    const std::uint64_t seed =
        options.seed ? static_cast<std::uint64_t>(*options.seed) : next_random_seed();
    numbers = detail::shuffled(numbers, std::max<std::int64_t>(count, 1), seed, true);
  }
  const std::int64_t batch = options.batch_size.value_or(0);
  return detail::of_examples(std::make_shared<const Sequences>(numbers, series, batch), nullptr,
                             batch);
}

}  // namespace keratin::data
