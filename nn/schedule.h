#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "nn/fields.h"

namespace keratin::optimizers {

/// A learning rate as a function of the step, counted from 0: one of schedules::..., or a function
/// of one's own.
class Schedule {
 public:
  Schedule() = default;  // none
  explicit Schedule(std::function<double(std::int64_t step)> f, OriginPtr origin = nullptr)
      : f_(std::move(f)), origin_(std::move(origin)) {}

  bool given() const { return f_ != nullptr; }
  double operator()(std::int64_t step) const { return f_(step); }
  /// What it was made from; null for a function of one's own.
  const OriginPtr& origin() const { return origin_; }

 private:
  std::function<double(std::int64_t)> f_;
  OriginPtr origin_;
};

/// A number, or a schedule.
class LearningRate {
 public:
  LearningRate(double value) : value_(value) {}
  LearningRate(const Schedule& schedule) : schedule_(schedule) {}

  bool scheduled() const { return schedule_.given(); }
  const Schedule& schedule() const { return schedule_; }
  double at(std::int64_t step) const { return scheduled() ? schedule_(step) : value_; }

 private:
  double value_ = 0;
  Schedule schedule_;
};

}  // namespace keratin::optimizers
