#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "data/datasets/part.h"

namespace keratin::data::datasets {

struct CaliforniaHousingOptions {
  std::string version = "large";  // "small": the first 600 districts
  /// A folder with Keras' california_housing.npz. Not given: it is downloaded once and kept (see
  /// cache_directory), checked by SHA-256.
  std::string directory = {};
  double test_split = 0.2;  // the share of districts that are for testing
  std::uint32_t seed = 113;
};

/// Districts of California (1990) and the median value of their houses in dollars: 20,640, mixed as
/// Keras mixes them, so that training and test sets are the same.
/// x: f32[N, 8], longitude, latitude, median age, rooms, bedrooms, population, households, median
/// income; y: f32[N]. Columns differ in range: subtract means and divide by deviations first.
/// Throws FileError naming the file for one that is missing or of another kind, ValueError.
/// Source: Pace, Barry 1997, "Sparse spatial autoregressions".
///
///     auto [train, test] = datasets::california_housing({.version = "small"});
std::pair<Part, Part> california_housing(const CaliforniaHousingOptions& options = {});

}  // namespace keratin::data::datasets
