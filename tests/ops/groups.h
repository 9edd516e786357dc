// Reductions by hand.
#pragma once

#include <algorithm>
#include <vector>

#include "tensor/reduce_options.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

/// The elements that go into each element of a reduction along `axis`.
inline std::vector<std::vector<double>> groups_of(const Tensor& x, const Axes& axis) {
  const auto axes = axis.resolve("groups_of", x.rank());
  const auto reduced = [&](std::int64_t k) {
    return std::find(axes.begin(), axes.end(), k) != axes.end();
  };
  std::int64_t count = 1;
  for (std::int64_t k = 0; k < x.rank(); ++k) count *= reduced(k) ? 1 : x.shape()[k];
  std::vector<std::vector<double>> groups(static_cast<std::size_t>(count));
  const std::vector<double> values = numbers_of(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), group = 0, stride = 1;
    for (std::int64_t k = x.rank(); k-- > 0;) {
      const std::int64_t index = rest % x.shape()[k];
      rest /= x.shape()[k];
      if (reduced(k)) continue;
      group += index * stride;
      stride *= x.shape()[k];
    }
    groups[static_cast<std::size_t>(group)].push_back(values[i]);
  }
  return groups;
}

struct Reduced {
  Shape shape;
  Axes axis;
};

/// Shapes and axes that visit every way through the kernels: none, one, several that lie together
/// or apart, rows and columns longer than a piece.
inline const std::vector<Reduced>& reductions() {
  static const std::vector<Reduced> all = {{{}, {}},
                                           {{5}, 0},
                                           {{3, 4}, {}},
                                           {{3, 4}, 0},
                                           {{3, 4}, -1},
                                           {{3, 4}, {0, 1}},
                                           {{2, 3}, Axes(std::vector<int>{})},
                                           {{2, 3, 4}, {0, 2}},
                                           {{2, 3, 4}, 1},
                                           {{2, 3, 2, 3}, {0, 1, 3}},
                                           {{1, 7}, 0},
                                           {{0, 3}, 1},
                                           {{2, 0, 3}, {0, 2}},
                                           {{70001}, {}},
                                           {{3, 20001}, -1},
                                           {{300, 65}, 0},
                                           {{3, 1000, 17}, 1},
                                           {{6, 40, 9}, 1}};
  return all;
}

/// `check` of a reduction for all of these, with and without keepdims. `run(x, options)` is
/// generic; `fold` makes one element of a group.
template <class F>
void check_reduction(OpTest test, F run, double (*fold)(const std::vector<double>&)) {
  std::uint64_t seed = 10;
  for (const Reduced& row : reductions()) {
    for (const bool keepdims : {false, true}) {
      const ReduceOptions options{row.axis, keepdims};
      test.run = [=](const auto& x) { return run(x[0], options); };
      test.values = [=](const TensorList& x) {
        std::vector<double> result;
        for (const auto& group : groups_of(x[0], row.axis)) result.push_back(fold(group));
        return result;
      };
      test.inputs = {{normal(row.shape, seed++)}};
      check(test);
      const Tensor y = test.run(test.inputs[0]);
      if (keepdims) CHECK(y.rank() == row.shape.rank());
      if (!keepdims && row.axis.given()) {
        const auto axes = row.axis.resolve("check_reduction", row.shape.rank());
        CHECK(y.rank() == row.shape.rank() - static_cast<std::int64_t>(axes.size()));
      }
    }
  }
  const Tensor x = zeros({2, 3});
  CHECK(complaint<ShapeError>([&] { return run(x, ReduceOptions{2}); },
                              {test.op, "axis 2", "rank 2"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return run(x, ReduceOptions{{0, -2}});
            },
            {test.op, "twice"}) == "");
}

}  // namespace keratin::tests
