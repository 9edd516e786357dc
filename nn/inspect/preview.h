#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace keratin::data {

struct PreviewOptions {
  /// How many samples to read, from the front of pass 0.
  std::int64_t samples = 1000;
  /// How many of them to show.
  std::int64_t rows = 4;
  /// Names of the classes, for captions and counts; of a dataset from a directory they are known.
  std::vector<std::string> class_names = {};
  /// Are elements batches, with samples along the first axis? Not given: a guess from what made the
  /// dataset and from shapes.
  std::optional<bool> batched = {};
  /// A PNG file to write the first images into, 64 at most, side by side.
  std::string contact_sheet = {};
  /// Characters in a line. 0: as many as the terminal has.
  std::int64_t columns = 0;
};

/// What a dataset looks like before it goes into a model: shapes, dtypes, ranges, how often each
/// label comes, the first samples (images are drawn), and warnings of the usual mistakes: NaN,
/// bytes that are not scaled, labels that are not 0 to n - 1, of one class only or sorted, samples
/// that differ in shape. Throws ValueError for negative options, FileError for the contact sheet,
/// and what the dataset throws.
///
///     data::preview(train);
void preview(const Dataset& dataset, const PreviewOptions& options = {});

/// The same as text.
std::string preview_text(const Dataset& dataset, const PreviewOptions& options = {});

}  // namespace keratin::data
