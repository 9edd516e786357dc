#include "nn/constraints.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "autograd/ops/add.h"
#include "autograd/ops/clip.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/sum.h"
#include "tensor/named.h"

namespace keratin {
namespace constraints {
namespace {

constexpr double kEpsilon = 1e-7;

Tensor norms(const Tensor& w, const Axes& axis) {
  return sqrt(sum(square(w), {.axis = axis, .keepdims = true}));
}

void require_norm(const char* constraint, const char* option, double value) {
  if (value >= 0 && std::isfinite(value)) return;
  throw ValueError(
      fmt::format("{}: {} is {}; expected a number of at least 0", constraint, option, value));
}

}  // namespace

MaxNorm::MaxNorm(const MaxNormOptions& options)
    : Constraint(
          [options](const Tensor& w) {
            const Tensor n = norms(w, options.axis);
            return w * (clip(n, 0, options.max_value) / (n + kEpsilon));
          },
          origin_of("MaxNorm", options)) {
  require_norm("MaxNorm", "max_value", options.max_value);
}

NonNeg::NonNeg() : Constraint([](const Tensor& w) { return maximum(w, 0); }, origin_of("NonNeg")) {}

UnitNorm::UnitNorm(const UnitNormOptions& options)
    : Constraint([options](const Tensor& w) { return w / (norms(w, options.axis) + kEpsilon); },
                 origin_of("UnitNorm", options)) {}

MinMaxNorm::MinMaxNorm(const MinMaxNormOptions& options)
    : Constraint(
          [options](const Tensor& w) {
            const Tensor n = norms(w, options.axis);
            const Tensor wanted = clip(n, options.min_value, options.max_value) * options.rate +
                                  n * (1 - options.rate);
            return w * (wanted / (n + kEpsilon));
          },
          origin_of("MinMaxNorm", options)) {
  require_norm("MinMaxNorm", "min_value", options.min_value);
  require_norm("MinMaxNorm", "max_value", options.max_value);
  if (options.min_value > options.max_value) {
    throw ValueError(fmt::format("MinMaxNorm: min_value is {}, max_value {}; expected at most that",
                                 options.min_value, options.max_value));
  }
  if (!(options.rate >= 0 && options.rate <= 1)) {
    throw ValueError(
        fmt::format("MinMaxNorm: rate is {}; expected a number from 0 to 1", options.rate));
  }
}

}  // namespace constraints

Constraint::Constraint(const char* name) {
  using Make = Constraint (*)();
  static const std::map<std::string, Make> makers = {
      {"max_norm", [] { return Constraint(constraints::MaxNorm()); }},
      {"min_max_norm", [] { return Constraint(constraints::MinMaxNorm()); }},
      {"non_neg", [] { return Constraint(constraints::NonNeg()); }},
      {"unit_norm", [] { return Constraint(constraints::UnitNorm()); }},
      {"MaxNorm", [] { return Constraint(constraints::MaxNorm()); }},
      {"MinMaxNorm", [] { return Constraint(constraints::MinMaxNorm()); }},
      {"NonNeg", [] { return Constraint(constraints::NonNeg()); }},
      {"UnitNorm", [] { return Constraint(constraints::UnitNorm()); }},
  };
  const std::string wanted = name;
  if (wanted.empty()) return;
  const auto found = makers.find(wanted);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers)
      if (key.find('_') != std::string::npos) known.push_back(key);  // the classes are meant too
    throw ValueError(
        fmt::format("constraint: unknown name \"{}\"{}", wanted, name_hint(wanted, known)));
  }
  *this = found->second();
}

}  // namespace keratin
