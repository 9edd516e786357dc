// Axes of a plot: a range of values and the round numbers on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keratin::detail {

struct Tick {
  double value = 0;
  std::string label = {};
};

struct Axis {
  double low = 0, high = 1;  // low < high
  std::vector<Tick> ticks = {};

  /// 0 at the low end, 1 at the high end.
  double position(double value) const { return (value - low) / (high - low); }
};

/// What is drawn beyond any range: NaN, infinities, and numbers whose differences overflow.
bool off_scale(double value);

/// A little more than low .. high, which are not off_scale; 4 ticks or some more, at multiples of
/// 1, 2 or 5 times a power of ten.
Axis value_axis(double low, double high);

/// The whole numbers first .. last, at most 10 of them with a tick.
Axis epoch_axis(std::int64_t first, std::int64_t last);

/// Four significant digits, or three and an exponent: "0.9912", "12.35", "1.24e-6".
std::string short_number(double value);

}  // namespace keratin::detail
