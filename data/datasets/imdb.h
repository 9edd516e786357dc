#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "data/datasets/part.h"

namespace keratin::data::datasets {

struct ImdbOptions {
  /// The folder aclImdb, with train/pos, train/neg, test/pos and test/neg: unpack aclImdb_v1.tar.gz
  /// of https://ai.stanford.edu/~amaas/data/sentiment. Needed: it is not downloaded.
  std::string directory = {};
  std::uint32_t seed = 113;  // of the order of the reviews
};

/// Reviews of films, for and against: 25,000 to train with and 25,000 to test, mixed.
/// x: string[N], the texts; y: u8[N], 0 against, 1 for. Keras gives words as numbers; its file is a
/// pickle, that is a program, which keratin does not run: number the words of the texts instead.
/// Throws FileError, naming the folder, where it is not that.
/// Source: Maas et al. 2011, "Learning word vectors for sentiment analysis".
///
///     auto [train, test] = datasets::imdb({.directory = "aclImdb"});
std::pair<Part, Part> imdb(const ImdbOptions& options);

}  // namespace keratin::data::datasets
