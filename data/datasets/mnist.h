#pragma once

#include <string>
#include <utility>

#include "data/datasets/part.h"

namespace keratin::data::datasets {

struct MnistOptions {
  /// A folder with the four files, train-images-idx3-ubyte, train-labels-idx1-ubyte and t10k-...,
  /// each plain or as .gz. Not given: they are downloaded once and kept (see cache_directory),
  /// checked by SHA-256.
  std::string directory = {};
};

/// Handwritten digits: 60,000 to train with and 10,000 to test.
/// x: u8[N, 28, 28], 0 is paper and 255 ink; y: u8[N], 0 to 9.
/// Throws FileError naming the file for one that is missing, broken or of another kind.
/// Source: LeCun, Cortes, Burges, the MNIST database.
///
///     auto [train, test] = datasets::mnist({.directory = "data/mnist"});
std::pair<Part, Part> mnist(MnistOptions options = {});

/// Pieces of clothing in the same form: T-shirt/top, trouser, pullover, dress, coat, sandal, shirt,
/// sneaker, bag, ankle boot.
/// Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747.
std::pair<Part, Part> fashion_mnist(MnistOptions options = {});

}  // namespace keratin::data::datasets
