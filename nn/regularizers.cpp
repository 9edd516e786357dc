#include "nn/regularizers.h"

#include <fmt/format.h>

#include "autograd/ops/abs.h"
#include "autograd/ops/add.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/square.h"
#include "autograd/ops/sum.h"
#include "tensor/named.h"

namespace keratin {
namespace regularizers {

namespace {
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

}  // namespace regularizers

Regularizer::Regularizer(const char* name) {
  const std::string wanted = name;
  if (wanted.empty()) return;
  if (wanted == "l1") {
    *this = regularizers::L1();
  } else if (wanted == "l2") {
    *this = regularizers::L2();
  } else if (wanted == "l1_l2") {
    *this = regularizers::L1L2(0.01, 0.01);
  } else {
    throw ValueError(fmt::format("regularizer: unknown name \"{}\"{}", wanted,
                                 name_hint(wanted, {"l1", "l2", "l1_l2"})));
  }
}

Constraint::Constraint(const char* name) {
  const std::string wanted = name;
  if (wanted.empty()) return;
  if (wanted != "non_neg" && wanted != "NonNeg") {
    throw ValueError(
        fmt::format("constraint: unknown name \"{}\"{}", wanted, name_hint(wanted, {"non_neg"})));
  }
  *this = Constraint([](const Tensor& w) { return maximum(w, 0); }, origin_of("NonNeg"));
}

}  // namespace keratin
