#include "autograd/variable.h"

#include <fmt/format.h>

#include "autograd/accumulate.h"
#include "autograd/ops/index.h"
#include "autograd/tape.h"
#include "tensor/cast.h"

namespace keratin {
namespace {

detail::VariableImpl& checked(const std::shared_ptr<detail::VariableImpl>& impl) {
  if (impl == nullptr) throw ValueError("variable: has no value: it was never set");
  return *impl;
}

void check_leaf(const char* what, const detail::VariableImpl& impl) {
  if (impl.node == nullptr) return;
  throw ValueError(fmt::format("{}: the variable was computed by {}; only leaves can be changed",
                               what, impl.node->name()));
}

}  // namespace

Variable::Variable(const Tensor& value) : Variable(value, true) {}

Variable::Variable(const Tensor& value, bool requires_grad) {
  if (!value.defined()) return;
  if (requires_grad && !is_floating(value.dtype())) {
    throw DTypeError(
        fmt::format("variable: {} has no gradient; only floating types do. Use cast(x, float32).",
                    value.spec().text()));
  }
  impl_ = std::make_shared<detail::VariableImpl>(value, requires_grad);
}

const Tensor& Variable::value() const { return checked(impl_).value; }
const Tensor& Variable::grad() const { return checked(impl_).grad; }
void Variable::clear_grad() { checked(impl_).grad = {}; }
bool Variable::requires_grad() const { return impl_ != nullptr && impl_->requires_grad; }
bool Variable::is_leaf() const { return checked(impl_).node == nullptr; }

void Variable::set_grad(const Tensor& grad) {
  if (grad.shape() != shape() || grad.dtype() != dtype()) {
    throw ShapeError(
        fmt::format("set_grad: the gradient given is {}, the variable {}; they must be alike",
                    grad.spec().text(), value().spec().text()));
  }
  checked(impl_).grad = grad;
}

void Variable::set_requires_grad(bool requires_grad) {
  check_leaf("set_requires_grad", checked(impl_));
  impl_->requires_grad = requires_grad;
}

void Variable::assign(const Tensor& value) {
  check_leaf("assign", checked(impl_));
  Tensor& mine = impl_->value;
  if (value.shape() != mine.shape()) {
    throw ShapeError(
        fmt::format("assign: the value given is {}, the variable{} is {}", value.spec().text(),
                    impl_->name.empty() ? "" : " \"" + impl_->name + "\"", mine.spec().text()));
  }
  mine.copy_from(cast(value, mine.dtype()));
}

void Variable::assign(double value) {
  check_leaf("assign", checked(impl_));
  impl_->value.copy_from(full(shape(), value, dtype()));
}

void Variable::assign_add(const Tensor& value) {
  check_leaf("assign_add", checked(impl_));
  Tensor& mine = impl_->value;
  if (value.shape() != mine.shape()) {
    throw ShapeError(fmt::format("assign_add: the value given is {}, the variable is {}",
                                 value.spec().text(), mine.spec().text()));
  }
  detail::accumulate(mine, cast(value, mine.dtype()), true);
  mine.mark_changed();
}

void Variable::assign_add(double value) { assign_add(full(shape(), value, dtype())); }

Variable Variable::operator[](std::int64_t i) const { return index(*this, i); }

Variable Variable::detach() const { return defined() ? Variable(value(), false) : Variable(); }

const std::string& Variable::name() const { return checked(impl_).name; }
void Variable::set_name(std::string name) { checked(impl_).name = std::move(name); }

}  // namespace keratin
