#pragma once

#include <cstdint>
#include <vector>

#include "tensor/named.h"

namespace keratin {

/// What fit() measured: one value an epoch under each name ("loss", "accuracy", "val_loss" ...), in
/// order of the names.
struct History {
  Named<std::vector<double>> history = {};
  /// The epochs, counted from 0.
  std::vector<int> epoch = {};
  /// What the run's random numbers started from.
  std::uint64_t seed = 0;
};

}  // namespace keratin
