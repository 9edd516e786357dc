#include "data/utils/split_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "data/pipeline/make_dataset.h"
#include "data/pipeline/structure.h"
#include "data/pipeline/table.h"
#include "data/splitmix.h"
#include "tensor/random.h"

namespace keratin::data {
namespace {

using Rows = std::vector<std::int64_t>;

// Sizes that can be judged without the number of samples. Throws ValueError.
void check(const SplitDatasetOptions& options) {
  if (!options.left_size && !options.right_size) {
    throw ValueError(
        "split_dataset: neither left_size nor right_size is given; expected one of them, such as "
        "{.left_size = 0.8}");
  }
  double shares = 0;
  const std::pair<const char*, const std::optional<SplitSize>&> sides[] = {
      {"left_size", options.left_size}, {"right_size", options.right_size}};
  for (const auto& [name, size] : sides) {
    if (!size) continue;
    if (size->is_share() ? !(size->share() > 0 && size->share() < 1) : size->samples() < 1) {
      throw ValueError(fmt::format(
          "split_dataset: {} is {}; expected a number of samples from 1 on (an int), or a share "
          "between 0 and 1 (a double)",
          name,
          size->is_share() ? fmt::format("{:#}", size->share())
                           : fmt::format("{}", size->samples())));
    }
    if (size->is_share()) shares += size->share();
  }
  if (shares > 1) {
    throw ValueError(fmt::format("split_dataset: left_size {} and right_size {} are more than all",
                                 options.left_size->share(), options.right_size->share()));
  }
}

std::pair<std::int64_t, std::int64_t> sizes(const SplitDatasetOptions& options, std::int64_t all) {
  const auto samples = [&](const SplitSize& size) {
    return size.is_share() ? std::llrint(size.share() * static_cast<double>(all)) : size.samples();
  };
  std::int64_t left = options.left_size ? samples(*options.left_size) : 0;
  std::int64_t right = options.right_size ? samples(*options.right_size) : 0;
  if (!options.left_size) left = all - right;
  if (!options.right_size) right = all - left;
  if (left < 1 || right < 1 || left > all - right) {
    throw ValueError(
        fmt::format("split_dataset: {} samples cannot be split into {} and {}; expected at least "
                    "one on each side, and no more than there are",
                    all, left, right));
  }
  return {left, right};
}

class ListedRows : public detail::Source<std::int64_t> {
 public:
  explicit ListedRows(Rows rows) : rows_(std::move(rows)) {}
  detail::PassPtr<std::int64_t> begin(std::int64_t) const override {
    return std::make_unique<Run>(rows_);
  }
  std::int64_t cardinality() const override { return std::ssize(rows_); }

 private:
  struct Run : detail::Pass<std::int64_t> {
    explicit Run(const Rows& rows) : rows(rows) {}
    std::optional<std::int64_t> next() override {
      if (at == std::ssize(rows)) return {};
      return rows[static_cast<std::size_t>(at++)];
    }
    void skip(std::int64_t n) override { at += std::min(n, std::ssize(rows) - at); }
    const Rows& rows;
    std::int64_t at = 0;
  };

  Rows rows_;
};

}  // namespace

std::pair<Dataset, Dataset> split_dataset(const Dataset& dataset,
                                          const SplitDatasetOptions& options) {
  check(options);
  const detail::Pipeline& from = detail::PipelineOf::get(dataset, "split_dataset");
  if (dataset.cardinality() == kInfinite)
    throw ValueError("split_dataset: the dataset has no end; split it before repeat");
  Rows rows;
  std::shared_ptr<const detail::Table> table = from.table;
  if (from.rows != nullptr) {
    const auto pass = from.rows->begin(0);
    while (const auto row = pass->next()) rows.push_back(*row);
  } else {
    std::vector<Example> samples;
    const Dataset single = from.batch > 0 ? dataset.unbatch() : dataset;
    for (data::Iterator elements = single.begin(); auto sample = elements.next();)
      samples.push_back(std::move(*sample));
    for (std::int64_t row = 0; row < std::ssize(samples); ++row) rows.push_back(row);
    if (!samples.empty())
      table = std::make_shared<const detail::Table>(detail::stack("split_dataset", samples));
  }
  if (options.shuffle) {
    const std::uint64_t seed =
        options.seed ? static_cast<std::uint64_t>(*options.seed) : next_random_seed();
    SplitMix random(seed, 0);
    for (std::int64_t i = std::ssize(rows) - 1; i > 0; --i)  // Fisher-Yates
      std::swap(rows[static_cast<std::size_t>(i)],
                rows[static_cast<std::size_t>(random.below(i + 1))]);
  }
  const auto [left, right] = sizes(options, std::ssize(rows));
  const auto part = [&](Rows chosen) {
    const Dataset side =
        detail::of_rows(std::make_shared<const ListedRows>(std::move(chosen)), table, from.files);
    return from.batch > 0 ? side.batch(from.batch) : side;
  };
  return {part(Rows(rows.begin(), rows.begin() + left)),
          part(Rows(rows.end() - right, rows.end()))};
}

}  // namespace keratin::data
