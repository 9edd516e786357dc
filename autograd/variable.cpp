#include "autograd/variable.h"

#include <fmt/format.h>

#include "autograd/elementwise.h"
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

void check_floating(const Tensor& value) {
  if (is_floating(value.dtype())) return;
  throw DTypeError(
      fmt::format("variable: {} has no gradient; only floating types do. Use cast(x, float32).",
                  value.spec().text()));
}

}  // namespace

Variable::Variable(Tensor value) : Variable(std::move(value), true) {}

Variable::Variable(Tensor value, bool requires_grad) {
  if (!value.defined()) return;
  if (requires_grad) check_floating(value);
  if (requires_grad && !value.is_unique()) value = value.copy();
  impl_ = std::make_shared<detail::VariableImpl>(std::move(value), requires_grad);
}

const Tensor& Variable::value() const { return checked(impl_).value; }
const Tensor& Variable::grad() const { return checked(impl_).grad; }
void Variable::clear_grad() { checked(impl_).grad = {}; }
bool Variable::requires_grad() const { return impl_ != nullptr && impl_->requires_grad; }
bool Variable::is_leaf() const { return checked(impl_).node == nullptr; }

void Variable::set_grad(const Tensor& grad) {
  detail::require_like("set_grad", grad, value());
  checked(impl_).grad = grad;
}

void Variable::set_requires_grad(bool requires_grad) {
  check_leaf("set_requires_grad", checked(impl_));
  if (requires_grad) check_floating(impl_->value);
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
  detail::binary_into("assign_add", kernels::Binary::add, mine, cast(value, mine.dtype()), mine);
  mine.mark_changed();
}

void Variable::assign_add(double value) {
  assign_add(full(shape(), value, dtype()).to(this->value().device()));
}

Variable Variable::operator[](std::int64_t i) const { return index(*this, i); }

Variable Variable::detach() const { return defined() ? Variable(value(), false) : Variable(); }

const std::string& Variable::name() const { return checked(impl_).name; }
void Variable::set_name(std::string name) { checked(impl_).name = std::move(name); }

}  // namespace keratin
