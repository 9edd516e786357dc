#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct PiecewiseConstantDecayOptions {
  std::vector<std::int64_t> boundaries = {};  // required, increasing
  std::vector<double> values = {};            // required, one more
  std::string name = "PiecewiseConstant";

  void fields(Fields& f) {
    f("boundaries", boundaries);
    f("values", values);
    f("name", name);
  }
};

/// values[0] up to and with step boundaries[0], values[1] up to and with boundaries[1] ..., the last
/// value after the last boundary. Throws ValueError for options out of range.
class PiecewiseConstantDecay : public Schedule {
 public:
  explicit PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options);
};

}  // namespace keratin::optimizers::schedules
