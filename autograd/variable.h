#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/several.h"
#include "tensor/tensor.h"

namespace keratin {

namespace detail {
class Node;
struct VariableImpl;
}  // namespace detail

struct BackwardOptions {
  bool retain_graph = false;  // keep what the tape saved, so that backward can run again
  // For gradients(): they get a graph of their own, to be differentiated again.
  bool create_graph = false;
};

/// A Tensor that remembers how it was computed. A handle: copies are the same variable.
///
/// Operations on Variables record themselves; `backward()` on a result walks the record from the
/// end and adds to `grad()` of every leaf that requires one. Where a Variable is expected a Tensor
/// becomes a constant.
class Variable {
 public:
  Variable() = default;  // none: defined() is false
  /// Variable w(x): a leaf that collects its gradient, with a copy of x (or x itself, if moved in).
  explicit Variable(Tensor value);
  /// matmul(x, w) with a Tensor x: a constant, no gradient is computed for it.
  template <std::same_as<Tensor> T>
  Variable(const T& value) : Variable(value, false) {}
  Variable(Tensor value, bool requires_grad);

  bool defined() const { return impl_ != nullptr; }
  const Tensor& value() const;
  const Shape& shape() const { return value().shape(); }
  DType dtype() const { return value().dtype(); }
  std::int64_t rank() const { return shape().rank(); }
  std::int64_t size() const { return value().size(); }

  /// The gradient collected so far; not defined() before a backward reached this leaf.
  const Tensor& grad() const;
  void set_grad(const Tensor& grad);
  void clear_grad();
  bool requires_grad() const;
  /// Leaves only: whether gradients are collected from now on. Throws ValueError for a computed
  /// variable.
  void set_requires_grad(bool requires_grad);
  bool is_leaf() const;

  /// Gradients of this variable, which must have one element, are added to every leaf's grad().
  /// Frees the record as it goes unless asked to retain it. Throws ShapeError (not one element) and
  /// ValueError (nothing requires a gradient, the record was freed already, or a value that it
  /// needs was changed in place), before any grad() is touched.
  void backward(BackwardOptions options = {}) const;
  /// The same for any shape, given the gradient of this variable's value; of its shape and dtype.
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;

  /// Overwrites the value in place; the shape stays. Numbers are converted to the variable's dtype.
  /// Throws ShapeError.
  void assign(const Tensor& value);
  void assign(double value);
  void assign_add(const Tensor& value);
  void assign_add(double value);
  template <std::integral T>
  void assign(T value) {
    assign(static_cast<double>(value));
  }
  template <std::integral T>
  void assign_add(T value) {
    assign_add(static_cast<double>(value));
  }

  /// Row i of the leading axis; differentiable.
  Variable operator[](std::int64_t i) const;
  /// The same value, cut off from the record.
  Variable detach() const;

  /// A name for messages and files; empty unless given.
  const std::string& name() const;
  void set_name(std::string name);

  /// Same variable?
  bool is(const Variable& other) const { return impl_ == other.impl_; }

  const std::shared_ptr<detail::VariableImpl>& impl() const { return impl_; }
  explicit Variable(std::shared_ptr<detail::VariableImpl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<detail::VariableImpl> impl_;
};
using Variables = Several<Variable>;

/// Gradients of `output` (one element) by each of `inputs`, without touching any grad(). With
/// create_graph they can be differentiated again, and the record is retained. An input that
/// `output` does not depend on gets a Variable that is not defined(). Throws ValueError (an input
/// that is no leaf, or needs no gradient; an operation that cannot be differentiated twice) and
/// what backward throws.
std::vector<Variable> gradients(const Variable& output, const std::vector<Variable>& inputs,
                                BackwardOptions options = {});

/// While one lives, operations on this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

/// Do operations on this thread record themselves?
bool grad_enabled();

}  // namespace keratin
