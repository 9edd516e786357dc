#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "data/dataset.h"

namespace keratin::data {

/// A number of samples, or the share of them.
class SplitSize {
 public:
  SplitSize(int samples) : samples_(samples) {}
  SplitSize(std::int64_t samples) : samples_(samples) {}
  SplitSize(double share) : share_(share), is_share_(true) {}

  bool is_share() const { return is_share_; }
  double share() const { return share_; }
  std::int64_t samples() const { return samples_; }

 private:
  std::int64_t samples_ = 0;
  double share_ = 0;
  bool is_share_ = false;
};

struct SplitDatasetOptions {
  /// One of the two at least: samples (800), or a share of them between 0 and 1 (0.8), rounded to
  /// the nearest, halves to even numbers.
  std::optional<SplitSize> left_size = {};
  std::optional<SplitSize> right_size = {};
  /// Mix the samples before they are split.
  bool shuffle = false;
  std::optional<std::int64_t> seed = {};
};

/// The first samples of a dataset and the last ones, for training and validation, say. A dataset of
/// batches is split by samples and batched again by the same number. It is read once, here, in pass
/// 0, and kept in memory; rows of tensors (from_tensor_slices) are not copied. Throws ValueError
/// for sizes that do not fit, a side of no samples, a dataset without end.
///
///     auto [train, validation] = data::split_dataset(dataset, {.left_size = 0.8});
std::pair<Dataset, Dataset> split_dataset(const Dataset& dataset,
                                          const SplitDatasetOptions& options);

}  // namespace keratin::data
