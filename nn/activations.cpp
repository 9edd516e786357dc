#include "nn/activations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "tensor/cast.h"
#include "tensor/named.h"

namespace keratin {
namespace {

using kernels::Binary;

Variable constant(double value, const Variable& like) { return detail::operand(value, like); }

// 1 where x > bound, else 0.
Variable above(const Variable& x, double bound) {
  return detail::mask(Binary::greater, x, constant(bound, x));
}

// A result that a loss may look behind: what it is the softmax or sigmoid of.
Variable with_scores(const Variable& y, const Variable& scores, const char* function) {
  y.impl()->scores = scores.impl();
  y.impl()->scores_function = function;
  return y;
}

}  // namespace

namespace activations {

Variable relu(const Variable& x, const ReluOptions& options) {
  const double slope = options.negative_slope, threshold = options.threshold;
  if (slope == 0 && threshold == 0 && !options.max_value) return keratin::relu(x);
  Variable y = threshold == 0 ? keratin::relu(x) : maximum(x, threshold) * above(x, threshold);
  if (slope != 0) y = y + minimum(x - threshold, 0.0) * slope;
  return options.max_value ? minimum(y, *options.max_value) : y;
}
Variable relu6(const Variable& x) { return minimum(keratin::relu(x), 6.0); }
Variable leaky_relu(const Variable& x, double negative_slope) {
  return relu(x, {.negative_slope = negative_slope});
}
// maximum and minimum share the gradient at 0, where the sides meet; relu's would be lost there.
Variable elu(const Variable& x, double alpha) {
  return maximum(x, 0.0) + expm1(minimum(x, 0.0)) * alpha;
}
Variable selu(const Variable& x) { return elu(x, 1.6732632423543772) * 1.0507009873554805; }
Variable celu(const Variable& x, double alpha) {
  return maximum(x, 0.0) + expm1(minimum(x, 0.0) * (1 / alpha)) * alpha;
}
Variable gelu(const Variable& x, bool approximate) {
  if (!approximate) return x * 0.5 * (erf(x * std::sqrt(0.5)) + 1.0);
  constexpr double kRootTwoOverPi = 0.79788456080286535588;
  return x * 0.5 * (keratin::tanh((x + x * square(x) * 0.044715) * kRootTwoOverPi) + 1.0);
}
Variable silu(const Variable& x) { return x * keratin::sigmoid(x); }
Variable hard_silu(const Variable& x) { return x * hard_sigmoid(x); }
Variable sigmoid(const Variable& x) { return with_scores(keratin::sigmoid(x), x, "sigmoid"); }
Variable hard_sigmoid(const Variable& x) { return minimum(maximum(x * (1.0 / 6) + 0.5, 0.0), 1.0); }
Variable log_sigmoid(const Variable& x) { return -keratin::softplus(-x); }
Variable sparse_sigmoid(const Variable& x) { return minimum(maximum((x + 1.0) * 0.5, 0.0), 1.0); }
Variable softmax(const Variable& x, int axis) {
  const Variable y = keratin::softmax(x, {.axis = axis});
  return normalized_axis("softmax", axis, x.rank()) == x.rank() - 1 ? with_scores(y, x, "softmax")
                                                                    : y;
}
Variable log_softmax(const Variable& x, int axis) {
  return keratin::log_softmax(x, {.axis = axis});
}

Variable sparsemax(const Variable& x) {
  // p = max(z - tau, 0), with tau = (sum of the k largest z - 1) / k and k the most for which 1 + k
  // z_k > sum of those. In the support z - tau with tau = (sum over the support - 1) / k, so the
  // gradient follows from the formula itself.
  const std::int64_t width = x.shape().back();
  if (width > 4096)
    throw ShapeError(
        fmt::format("sparsemax: last axis of {}; at most 4096", x.value().spec().text()));
  const std::vector<double> z = x.value().to_vector<double>();
  std::vector<double> support(z.size()), sizes;
  std::vector<double> sorted(static_cast<std::size_t>(width));
  for (std::size_t row = 0; row < z.size(); row += static_cast<std::size_t>(width)) {
    std::copy_n(z.begin() + static_cast<std::ptrdiff_t>(row), width, sorted.begin());
    std::sort(sorted.rbegin(), sorted.rend());
    double sum = 0;
    std::int64_t k = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      sum += sorted[static_cast<std::size_t>(i)];
      if (1 + static_cast<double>(i + 1) * sorted[static_cast<std::size_t>(i)] > sum) k = i + 1;
    }
    for (std::size_t i = row; i < row + static_cast<std::size_t>(width); ++i) {
      support[i] = k > 0 && z[i] >= sorted[static_cast<std::size_t>(k - 1)] ? 1 : 0;
    }
  }
  const Variable in(cast(Tensor::from(support, x.shape()), x.dtype()), false);
  const Variable count = sum(in, {.axis = -1, .keepdims = true});
  const Variable tau = (sum(x * in, {.axis = -1, .keepdims = true}) - 1.0) / count;
  return (x - tau) * in;
}

Variable softplus(const Variable& x) { return keratin::softplus(x); }
Variable softsign(const Variable& x) { return x / (abs(x) + 1.0); }
Variable squareplus(const Variable& x, double b) {
  // (x + sqrt(x^2 + b)) / 2 without cancellation where x is far below 0, or overflow.
  return maximum(x, 0.0) + (b / 2) / (sqrt(square(x) + b) + abs(x));
}
Variable sparse_plus(const Variable& x) {
  return square(hard_tanh(x) + 1.0) * 0.25 + (maximum(x, 1.0) - 1.0);
}
Variable soft_shrink(const Variable& x, double threshold) {
  return maximum(x - threshold, 0.0) + minimum(x + threshold, 0.0);
}
Variable hard_shrink(const Variable& x, double threshold) { return x * above(abs(x), threshold); }
Variable tanh_shrink(const Variable& x) { return x - keratin::tanh(x); }
Variable hard_tanh(const Variable& x) { return minimum(maximum(x, -1.0), 1.0); }
Variable mish(const Variable& x) { return x * keratin::tanh(keratin::softplus(x)); }
Variable glu(const Variable& x) {
  const std::int64_t width = x.rank() == 0 ? 1 : x.shape().back();
  if (width % 2 != 0) {
    throw ShapeError(fmt::format("glu: the last axis of {} is cut in halves; expected an even size",
                                 x.value().spec().text()));
  }
  const Shape halves = x.shape().with(-1, 2).joined({width / 2});
  const Variable pairs = reshape(x, halves);
  const auto half = [&](double first, double second) {
    const Variable pick(cast(Tensor::numbers({first, second}, {2, 1}), x.dtype()), false);
    return sum(pairs * pick, {.axis = -2});
  };
  return half(1, 0) * keratin::sigmoid(half(0, 1));
}
Variable threshold(const Variable& x, double threshold, double default_value) {
  const Variable keeps = above(x, threshold);
  return maximum(x, threshold) * keeps + (1.0 - keeps) * default_value;
}

}  // namespace activations

Activation::Activation(const char* name) : name_(name) {
  namespace act = activations;
  using Function = Variable (*)(const Variable&);
  static const std::map<std::string, Function> functions = {
      {"relu", [](const Variable& x) { return relu(x); }},
      {"relu6", act::relu6},
      {"leaky_relu", [](const Variable& x) { return act::leaky_relu(x); }},
      {"elu", [](const Variable& x) { return act::elu(x); }},
      {"selu", act::selu},
      {"celu", [](const Variable& x) { return act::celu(x); }},
      {"gelu", [](const Variable& x) { return act::gelu(x); }},
      {"silu", act::silu},
      {"swish", act::silu},
      {"hard_silu", act::hard_silu},
      {"hard_swish", act::hard_silu},
      {"sigmoid", act::sigmoid},
      {"hard_sigmoid", act::hard_sigmoid},
      {"log_sigmoid", act::log_sigmoid},
      {"sparse_sigmoid", act::sparse_sigmoid},
      {"softmax", [](const Variable& x) { return act::softmax(x); }},
      {"log_softmax", [](const Variable& x) { return act::log_softmax(x); }},
      {"sparsemax", act::sparsemax},
      {"softplus", act::softplus},
      {"softsign", act::softsign},
      {"squareplus", [](const Variable& x) { return act::squareplus(x); }},
      {"sparse_plus", act::sparse_plus},
      {"soft_shrink", [](const Variable& x) { return act::soft_shrink(x); }},
      {"hard_shrink", [](const Variable& x) { return act::hard_shrink(x); }},
      {"tanh_shrink", act::tanh_shrink},
      {"tanh", [](const Variable& x) { return tanh(x); }},
      {"hard_tanh", act::hard_tanh},
      {"exponential", [](const Variable& x) { return exp(x); }},
      {"exp", [](const Variable& x) { return exp(x); }},
      {"mish", act::mish},
      {"glu", act::glu},
  };
  if (name_.empty() || name_ == "linear") return;
  const auto found = functions.find(name_);
  if (found == functions.end()) {
    std::vector<std::string> known{"linear"};
    for (const auto& [key, function] : functions) known.push_back(key);
    throw ValueError(
        fmt::format("activation: unknown name \"{}\"{}", name_, name_hint(name_, known)));
  }
  f_ = found->second;
}

}  // namespace keratin
