// The order of files, and which of them are for training.
#pragma once

#include <cstdint>
#include <vector>

#include "data/directories/listing.h"

namespace keratin::data::detail {

/// 0 ... count - 1 in the order of numpy.random.RandomState(seed).shuffle, so that the subsets of
/// keratin and of Keras are the same files.
/// Source: Matsumoto & Nishimura 1998 (MT19937); Fisher-Yates from the end, an index drawn as the
/// low bits of a number until it is small enough.
std::vector<std::int64_t> numpy_order(std::int64_t count, std::uint32_t seed);

/// The listing in that order.
Listing shuffled(Listing listing, std::uint32_t seed);

enum class Subset : std::uint8_t { training, validation };

/// The first N - int(split N) files, or the last int(split N). Throws ValueError if that is none.
Listing subset_of(const DirectoryRequest& request, const Listing& listing, Subset subset);

}  // namespace keratin::data::detail
