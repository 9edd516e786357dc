#include "nn/regularizers.h"

#include <fmt/format.h>

#include <cmath>

#include "autograd/ops/abs.h"
#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "tensor/named.h"

namespace keratin {
namespace regularizers {

namespace {
constexpr double kTiny = 1e-7;  // lengths below count as this

struct L1Options {
  double l1;
  void fields(Fields& f) { f("l1", l1); }
};
struct L2Options {
  double l2;
  void fields(Fields& f) { f("l2", l2); }
};
struct L1L2Options {
  double l1, l2;
  void fields(Fields& f) { f("l1", l1), f("l2", l2); }
};
struct OrthogonalOptions {
  double factor;
  std::string mode;
  void fields(Fields& f) { f("factor", factor), f("mode", mode); }
};

// The mean of |cos| of all pairs of rows, or columns.
Variable not_orthogonal(const Variable& w, bool rows) {
  if (w.rank() != 2) {
    throw ShapeError(fmt::format("OrthogonalRegularizer: the weight is {}; expected a matrix",
                                 w.value().spec().text()));
  }
  const std::int64_t n = w.shape()[rows ? 0 : 1];
  if (n < 2) return sum(w) * 0.0;
  const Variable lengths =
      sqrt(maximum(sum(square(w), {.axis = rows ? 1 : 0, .keepdims = true}), kTiny * kTiny));
  const Variable unit = w / lengths;
  const Variable cosines =
      matmul(unit, unit, {.transpose_a = !rows, .transpose_b = rows});  // [n, n]
  Tensor others = ones({n, n}, w.dtype());                              // all but each with itself
  dispatch_floats("OrthogonalRegularizer", w.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) others.mutable_data<T>()[i * (n + 1)] = 0;
  });
  others = others.to(w.value().device());
  return sum(abs(cosines * others)) / static_cast<double>(n * (n - 1));
}
}  // namespace

L1::L1(double l1)
    : Regularizer([l1](const Variable& w) { return sum(abs(w)) * l1; },
                  origin_of("L1", L1Options{l1})) {}
L2::L2(double l2)
    : Regularizer([l2](const Variable& w) { return sum(square(w)) * l2; },
                  origin_of("L2", L2Options{l2})) {}
L1L2::L1L2(double l1, double l2)
    : Regularizer([l1, l2](const Variable& w) { return sum(abs(w)) * l1 + sum(square(w)) * l2; },
                  origin_of("L1L2", L1L2Options{l1, l2})) {}

OrthogonalRegularizer::OrthogonalRegularizer(double factor, const std::string& mode)
    : Regularizer([factor, rows = mode == "rows"](
                      const Variable& w) { return not_orthogonal(w, rows) * factor; },
                  origin_of("OrthogonalRegularizer", OrthogonalOptions{factor, mode})) {
  if (!(factor >= 0 && std::isfinite(factor))) {
    throw ValueError(fmt::format(
        "OrthogonalRegularizer: factor is {}; expected a number of at least 0", factor));
  }
  if (mode != "rows" && mode != "columns") {
    throw ValueError(fmt::format(
        "OrthogonalRegularizer: mode is \"{}\"; expected \"rows\" or \"columns\"", mode));
  }
}

}  // namespace regularizers

Regularizer::Regularizer(const char* name) {
  const std::string wanted = name;
  if (wanted.empty()) return;
  if (wanted == "l1" || wanted == "L1") {
    *this = regularizers::L1();
  } else if (wanted == "l2" || wanted == "L2") {
    *this = regularizers::L2();
  } else if (wanted == "l1_l2" || wanted == "L1L2") {
    *this = regularizers::L1L2(0.01, 0.01);
  } else if (wanted == "orthogonal_regularizer" || wanted == "OrthogonalRegularizer") {
    *this = regularizers::OrthogonalRegularizer();
  } else {
    throw ValueError(
        fmt::format("regularizer: unknown name \"{}\"{}", wanted,
                    name_hint(wanted, {"l1", "l2", "l1_l2", "orthogonal_regularizer"})));
  }
}

}  // namespace keratin
