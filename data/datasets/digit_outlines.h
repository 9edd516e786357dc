#pragma once

#include <span>
#include <vector>

namespace keratin::data::datasets {

/// x to the right, y down.
struct Point {
  double x = 0, y = 0;
};

/// A smooth line through its points. Strokes meet in corners.
using Stroke = std::vector<Point>;
/// One way to write a digit: 0 <= y <= 1 from top to bottom, x about 0.
using Outline = std::vector<Stroke>;

/// The ways to write a digit, 0 to 9.
std::span<const Outline> outlines_of(int digit);

}  // namespace keratin::data::datasets
