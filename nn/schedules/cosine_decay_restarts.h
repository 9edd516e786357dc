#pragma once

#include <cstdint>
#include <string>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct CosineDecayRestartsOptions {
  double initial_learning_rate = -1;   // required
  std::int64_t first_decay_steps = 0;  // required
  double t_mul = 2;
  double m_mul = 1;
  double alpha = 0;  // the end's share of the beginning
  std::string name = "SGDRDecay";

  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate);
    f("first_decay_steps", first_decay_steps);
    f("t_mul", t_mul);
    f("m_mul", m_mul);
    f("alpha", alpha);
    f("name", name);
  }
};

/// Half cosines one after another: the i-th, from 0, takes first_decay_steps t_mul^i steps and begins at
/// m_mul^i of the initial learning rate r. With p the part of it that is done:
///   r ((1 - alpha) m_mul^i (1 + cos(pi p)) / 2 + alpha)
/// Restarts come exactly at the step where a period ends. Throws ValueError for options out of range,
/// t_mul < 1 among them, whose periods would all end before some step.
/// Source: Loshchilov and Hutter 2017, SGDR, section 3.
class CosineDecayRestarts : public Schedule {
 public:
  explicit CosineDecayRestarts(const CosineDecayRestartsOptions& options);
};

}  // namespace keratin::optimizers::schedules
