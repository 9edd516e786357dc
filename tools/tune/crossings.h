// The crossovers of kernels/crossovers.h, each with the shapes on which the two rungs are timed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/crossovers.h"

namespace keratin::tools {

/// One shape, ready to run by either rung.
struct Crossing {
  std::int64_t value;  // the number that decides
  std::string shape;
  std::function<void()> small, large;
};

struct Experiment {
  std::int64_t kernels::Crossovers::*crossover;
  bool up_to;  // small numbers are those up to the crossover; otherwise those below it
  std::vector<std::function<Crossing()>> crossings;  // made one at a time: they hold operands
};

std::vector<Experiment> experiments();

}  // namespace keratin::tools
