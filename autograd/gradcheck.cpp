#include "autograd/gradcheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "autograd/tape.h"
#include "tensor/cast.h"

namespace keratin {
namespace {

double dot(const Tensor& a, const std::vector<double>& b) {
  const std::vector<double> values = a.to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * b[i];
  return sum;
}

}  // namespace

GradCheck gradcheck(const std::function<Variable(const std::vector<Variable>&)>& f,
                    const std::vector<Tensor>& at, GradCheckOptions options) {
  const detail::WidenMixedFloats widen;
  std::vector<Tensor> points;
  std::vector<Variable> leaves;
  for (const Tensor& x : at) {
    if (!is_floating(x.dtype()))
      throw DTypeError(fmt::format("gradcheck: {} has no gradient", x.spec().text()));
    points.push_back(cast(x, float64).copy());
    leaves.emplace_back(points.back().copy());
  }
  const Variable y = f(leaves);
  if (y.dtype() != float64) {
    throw DTypeError(fmt::format("gradcheck: the function gave {}; expected float64 from float64",
                                 y.value().spec().text()));
  }
  std::mt19937_64 generator(options.seed);
  std::normal_distribution<double> normal;
  std::vector<double> dy(static_cast<std::size_t>(y.size()));
  for (double& value : dy) value = normal(generator);
  y.backward(Tensor::from(dy, y.shape()));

  const double step = std::cbrt(std::numeric_limits<double>::epsilon());
  GradCheck worst{.max_relative_error = -1};
  for (std::size_t v = 0; v < points.size(); ++v) {
    const std::vector<double> analytic =
        leaves[v].grad().defined()
            ? leaves[v].grad().to_vector<double>()
            : std::vector<double>(static_cast<std::size_t>(points[v].size()), 0.0);
    const auto probe = [&](std::int64_t i, double value) {
      std::vector<Variable> moved;
      for (std::size_t k = 0; k < points.size(); ++k) {
        Tensor x = points[k].copy();
        if (k == v) x.mutable_data<double>()[i] = value;
        moved.emplace_back(x);
      }
      return dot(f(moved).value(), dy);
    };
    for (std::int64_t i = 0; i < points[v].size(); ++i) {
      const double x = points[v].data<double>()[i], h = step * std::max(1.0, std::fabs(x));
      const double numeric = (probe(i, x + h) - probe(i, x - h)) / ((x + h) - (x - h));
      const double a = analytic[static_cast<std::size_t>(i)];
      const double error =
          std::fabs(a - numeric) / std::max({1.0, std::fabs(a), std::fabs(numeric)});
      if (std::isnan(error)) return {error, i, a, numeric};  // nothing is worse
      if (error > worst.max_relative_error) worst = {error, i, a, numeric};
    }
  }
  worst.max_relative_error = worst.max_relative_error < 0 ? 0 : worst.max_relative_error;
  return worst;
}

GradCheck gradcheck(const std::function<Variable(const Variable&)>& f, const Tensor& at,
                    GradCheckOptions options) {
  return gradcheck([&](const std::vector<Variable>& x) { return f(x[0]); }, std::vector<Tensor>{at},
                   options);
}

}  // namespace keratin
