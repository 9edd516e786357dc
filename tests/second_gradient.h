// Holds gradients of gradients against differences of first gradients.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "autograd/ops.h"
#include "tests/support.h"

namespace keratin::tests {

/// With L = sum of squares of f, g_i = dL/dx_i and a random c: the largest relative difference,
/// over all i, between the derivative of sum(c g_i) along a random direction as the tape gives it,
/// and by central differences. All `at` float64.
inline double second_gradient_error(const std::function<Variable(const std::vector<Variable>&)>& f,
                                    const std::vector<Tensor>& at) {
  const auto random = [](const Shape& shape, std::uint64_t seed) {
    return Tensor::from(normal_values<double>(shape.size(), seed), shape);
  };
  constexpr double kStep = 1e-5;
  const auto moved = [&](double step) {
    std::vector<Variable> leaves;
    for (std::size_t i = 0; i < at.size(); ++i) {
      leaves.emplace_back(at[i] + step * random(at[i].shape(), 100 + i));
    }
    return leaves;
  };
  const auto weighted = [&](const std::vector<Variable>& leaves, std::size_t i) {
    const Variable g = gradients(sum(square(f(leaves))), {leaves[i]}, {.create_graph = true})[0];
    return sum(g * random(at[i].shape(), 200 + i));
  };
  double worst = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const auto value = [&](double step) { return weighted(moved(step), i).value().item<double>(); };
    const double expected = (value(kStep) - value(-kStep)) / (2 * kStep);
    const std::vector<Variable> leaves = moved(0);
    const auto second = gradients(weighted(leaves, i), leaves);
    double along = 0;
    for (std::size_t j = 0; j < at.size(); ++j) {
      if (!second[j].defined()) continue;
      along += sum(second[j].value() * random(at[j].shape(), 100 + j)).item<double>();
    }
    const double error = std::fabs(along - expected) / std::max(1.0, std::fabs(expected));
    worst = !(error <= worst) ? error : worst;  // NaN stays
  }
  return worst;
}

}  // namespace keratin::tests
