// What softmax, its logarithm and the cross-entropies are tried at.
#pragma once

#include <vector>

#include "tests/ops/by_index.h"

namespace keratin::tests {

struct ScoreRow {
  Shape shape;
  int axis = -1;
  double scale = 1;
};
inline const std::vector<ScoreRow>& score_rows() {
  static const std::vector<ScoreRow> rows = {{{1}},
                                             {{7}},
                                             {{3, 5}},
                                             {{2, 17}},
                                             {{3, 1}},
                                             {{2, 8}, 0},
                                             {{2, 3, 4}, 1},
                                             {{2, 3, 4}, -3},
                                             {{0, 5}},
                                             {{5, 0, 2}, 0},
                                             {{3, 10}, -1, 30},
                                             {{40, 33}},
                                             {{4, 1000}, -1, 40},
                                             {{70, 300}, 0},
                                             {{2000, 10}, -1, 5}};
  return rows;
}

/// ln sum exp of the scores that share a place but for `axis`.
inline double log_total(const Tensor& x, std::size_t axis, Place place) {
  const std::int64_t size = x.shape()[static_cast<std::int64_t>(axis)];
  double largest = -std::numeric_limits<double>::infinity(), total = 0;
  for (std::int64_t c = 0; c < size; ++c) {
    place[axis] = c;
    largest = std::fmax(largest, at(x, place));
  }
  for (std::int64_t c = 0; c < size; ++c) {
    place[axis] = c;
    total += std::exp(at(x, place) - largest);
  }
  return largest + std::log(total);
}

/// f of each score and the logarithm of the sum that it belongs to.
template <class F>
std::vector<double> along(const Tensor& x, int axis, F f) {
  const auto k = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
  return by_index(x.shape(),
                  [&](const Place& place) { return f(at(x, place), log_total(x, k, place)); });
}

}  // namespace keratin::tests
