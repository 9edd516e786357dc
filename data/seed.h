#pragma once

#include <cstdint>

namespace keratin::data {

/// A seed for an operation that was given none.
std::uint64_t next_seed();

}  // namespace keratin::data
