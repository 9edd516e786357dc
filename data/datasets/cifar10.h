#pragma once

#include <string>
#include <utility>

#include "data/datasets/part.h"

namespace keratin::data::datasets {

struct Cifar10Options {
  /// A folder with the unpacked files of cifar-10-binary.tar.gz (data_batch_1.bin ... 5,
  /// test_batch.bin) or of cifar-10-python.tar.gz (the same without .bin), themselves or in the
  /// folder that the archive makes; or with cifar-10-python.tar.gz as it is. Not given: that
  /// archive is downloaded once and kept (see cache_directory), checked by SHA-256.
  std::string directory = {};
};

/// Small photographs: 50,000 to train with and 10,000 to test.
/// x: u8[N, 32, 32, 3]; y: u8[N, 1], 0 airplane, automobile, bird, cat, deer, dog, frog, horse,
/// ship, 9 truck. Of the Python files, which are pickles, only data are read, nothing is run.
/// Throws FileError naming the file for one that is missing, broken or of another kind.
/// Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
///
///     auto [train, test] = datasets::cifar10({.directory = "data"});
std::pair<Part, Part> cifar10(const Cifar10Options& options = {});

}  // namespace keratin::data::datasets
