#pragma once

#include <cstdint>
#include <optional>

#include "data/dataset.h"

namespace keratin::data {

struct TimeseriesOptions {
  std::int64_t sequence_length = 0;  // steps of a sequence; needed
  std::int64_t sequence_stride = 1;  // from the start of one to the start of the next
  std::int64_t sampling_rate = 1;    // from one step to the next
  /// Not given: single sequences.
  std::optional<std::int64_t> batch_size = 128;
  /// Another order of the sequences in every pass.
  bool shuffle = false;
  std::optional<std::int64_t> seed = {};
  /// Only rows from start_index on, and before end_index.
  std::optional<std::int64_t> start_index = {};
  std::optional<std::int64_t> end_index = {};
};

/// Sequences from a table of measurements, one row a time step. Sequence i begins at row
/// s = start_index + i sequence_stride and takes rows s, s + sampling_rate ...; its target is row s
/// of `targets`: to predict what comes h steps after the start, shift the targets by h rows.
/// Only whole sequences, and as many as there are targets.
/// data: [rows, ...]; targets: [rows, ...] or none. Elements: x [batch, sequence_length, ...],
/// y [batch, ...]. The tensors are shared, not copied. Throws ValueError, ShapeError.
///
///     // Ten steps in, the next one out.
///     Dataset train = data::timeseries_dataset_from_array(x.slice(0, n - 10), x.slice(10, n),
///                                                         {.sequence_length = 10});
Dataset timeseries_dataset_from_array(const Tensor& data, const Tensor& targets,
                                      const TimeseriesOptions& options);

}  // namespace keratin::data
