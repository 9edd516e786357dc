#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>

#include "autograd/variable.h"

namespace keratin {

/// What a layer applies to its result: a name ("relu", "softmax" ...), a function, or nothing
/// (linear).
class Activation {
 public:
  Activation() = default;  // linear
  /// Throws ValueError for an unknown name, with the nearest known one. "" and "linear" are linear.
  Activation(const char* name);
  Activation(const std::string& name) : Activation(name.c_str()) {}
  Activation(Variable (*f)(const Variable&))
      : f_(f) {}  // picks from an overload set: .activation = kt::tanh
  template <std::invocable<const Variable&> F>
  Activation(F f) : f_(std::move(f)) {}

  bool linear() const { return f_ == nullptr; }
  /// The name it was made from; empty for functions.
  const std::string& name() const { return name_; }
  Variable operator()(const Variable& x) const { return linear() ? x : f_(x); }

 private:
  std::string name_;
  std::function<Variable(const Variable&)> f_;
};

/// The activations of Keras as functions, with its parameters and defaults (keras-semantics 1.2).
namespace activations {

struct ReluOptions {
  double negative_slope = 0;
  std::optional<double> max_value = {};
  double threshold = 0;
};
/// x where x > threshold, else negative_slope (x - threshold); at most max_value.
Variable relu(const Variable& x, const ReluOptions& options);
Variable relu6(const Variable& x);
Variable leaky_relu(const Variable& x, double negative_slope = 0.2);
Variable elu(const Variable& x, double alpha = 1);
Variable selu(const Variable& x);
Variable celu(const Variable& x, double alpha = 1);
Variable gelu(const Variable& x, bool approximate = false);
Variable silu(const Variable& x);
Variable hard_silu(const Variable& x);
Variable sigmoid(const Variable& x);
Variable hard_sigmoid(const Variable& x);
Variable log_sigmoid(const Variable& x);
Variable sparse_sigmoid(const Variable& x);
/// Probabilities along an axis. Over the last one a cross-entropy loss takes the scores from here
/// (see losses).
Variable softmax(const Variable& x, int axis = -1);
Variable log_softmax(const Variable& x, int axis = -1);
/// Projection on the simplex (Martins and Astudillo 2016); last axis, at most 4096 wide.
Variable sparsemax(const Variable& x);
Variable softplus(const Variable& x);
Variable softsign(const Variable& x);
Variable squareplus(const Variable& x, double b = 4);
Variable sparse_plus(const Variable& x);
Variable soft_shrink(const Variable& x, double threshold = 0.5);
Variable hard_shrink(const Variable& x, double threshold = 0.5);
Variable tanh_shrink(const Variable& x);
Variable hard_tanh(const Variable& x);
Variable mish(const Variable& x);
/// The first half of the last axis times the sigmoid of the second.
Variable glu(const Variable& x);
Variable threshold(const Variable& x, double threshold, double default_value);

}  // namespace activations
}  // namespace keratin
