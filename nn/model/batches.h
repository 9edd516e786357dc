// From what fit and evaluate are given to batches.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "nn/model/options.h"

namespace keratin::detail {

/// Rows of all tensors, which must agree. Throws ValueError ("fit: ...") for tensors without rows,
/// none at all, or different numbers.
std::int64_t sample_count(const char* what, const Example& samples);

/// The samples with float32 in the place of float64.
Example narrowed(const Example& samples);

/// Batches of samples; with a seed they are shuffled by it, in another order each pass. float64
/// becomes float32. Throws as sample_count, ValueError for a batch size below 1.
data::Dataset batches_of(const char* what, const Example& samples, std::int64_t batch_size,
                         std::optional<std::uint64_t> shuffle_seed);

/// The first floor(n (1 - share)) samples and the others. Throws ValueError where a side is empty.
std::pair<Example, Example> split_off_end(const Example& samples, double share);

using ClassWeight = std::vector<std::pair<std::int64_t, double>>;

/// The weights of a batch by the classes of its targets: y [batch], [batch, 1], or one-hot. Throws
/// ValueError for several targets, or weights given already.
Tensors weights_of_classes(const ClassWeight& class_weight, const Example& batch);

/// Throws ValueError if a floating tensor of the batch has a NaN, saying where.
void refuse_nan(const char* what, const Example& batch, std::int64_t number);

}  // namespace keratin::detail
