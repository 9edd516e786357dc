#include "autograd/op.h"

#include <algorithm>

#include "autograd/ops/cast.h"
#include "autograd/shadow.h"

namespace keratin {
namespace detail {

void throw_no_second_gradient(std::string_view op) {
  throw ValueError(
      fmt::format("{}: its gradient is a kernel of its own and cannot be differentiated again; do "
                  "without create_graph here",
                  op));
}

void throw_changed_in_place(std::string_view op) {
  throw ValueError(
      fmt::format("backward: an input of {} was changed in place after it was used, so its "
                  "gradient would be wrong; call backward "
                  "before assigning to it, or work on a copy()",
                  op));
}

Device common_device(std::string_view op, std::span<const Tensor> x, bool runs_on_gpu) {
  const Tensor* first = nullptr;
  for (const Tensor& one : x) {
    if (!one.defined()) continue;
    if (first == nullptr) first = &one;
    if (one.device() == first->device()) continue;
    throw DeviceError(fmt::format(
        "{}: operands on different devices: {} on {} and {} on {}; expected one device. Use "
        ".to(\"{}\") on one of them.",
        op, first->spec().text(), first->device().text(), one.spec().text(), one.device().text(),
        first->device().text()));
  }
  const Device device = first == nullptr ? Device{} : first->device();
  if (!device.is_cpu() && !runs_on_gpu) {
    throw DeviceError(fmt::format(
        "{}: {} is on {}, and this operation has no CUDA kernels; use .to(\"cpu\") first", op,
        first->spec().text(), device.text()));
  }
  return device;
}

std::vector<Variable> widened(std::vector<Variable> inputs) {
  const auto is = [](DType dtype) {
    return [dtype](const Variable& x) { return x.defined() && x.dtype() == dtype; };
  };
  if (!std::any_of(inputs.begin(), inputs.end(), is(float64))) return inputs;
  for (Variable& x : inputs) {
    if (is(float32)(x) && !x.requires_grad()) x = Variable(cast(x.value(), float64), false);
  }
  return inputs;
}

namespace {

Device device_of(const Tensor& x) { return x.device(); }
Device device_of(const Variable& x) { return x.value().device(); }

template <class T>
bool widens(std::span<const T> inputs, bool taken_on_cpu, bool taken_on_gpu) {
  bool any = false, taken = true;
  for (const T& x : inputs) {
    if (!x.defined() || !is_floating(x.dtype())) continue;
    if (x.dtype() != bfloat16) return false;
    any = true;
    taken = taken && (device_of(x).is_cpu() ? taken_on_cpu : taken_on_gpu);
  }
  return any && !taken;
}

}  // namespace

bool widens_bfloat16(std::span<const Tensor> inputs, bool taken_on_cpu, bool taken_on_gpu) {
  return widens(inputs, taken_on_cpu, taken_on_gpu);
}
bool widens_bfloat16(std::span<const Variable> inputs, bool taken_on_cpu, bool taken_on_gpu) {
  return widens(inputs, taken_on_cpu, taken_on_gpu);
}

std::vector<Variable> autocasted(std::vector<Variable> inputs, DType dtype) {
  bool any = false;
  for (Variable& x : inputs) {
    if (!x.defined() || !x.impl()->autocast || x.dtype() == dtype) continue;
    x = dtype == bfloat16 && takes_shadow(x) ? shadow_of(x) : recorded_cast(x, dtype);
    any = true;
  }
  if (!any) return inputs;
  for (Variable& x : inputs) {  // `weight * 2`: the number was made to be like the weight
    if (x.defined() && x.rank() == 0 && is_floating(x.dtype()) && !x.requires_grad()) {
      x = Variable(cast(x.value(), dtype), false);
    }
  }
  return inputs;
}

Variable recorded_cast(const Variable& x, DType dtype) { return cast(x, dtype); }

}  // namespace detail

void require_floating(std::string_view op, const Spec& x) {
  if (is_floating(x.dtype)) return;
  throw DTypeError(fmt::format(
      "{}: not defined for {}; expected float32 or float64. Use cast(x, float32) first.", op,
      x.text()));
}

void require_same_dtype(std::string_view op, const Spec& a, const Spec& b) {
  if (a.dtype == b.dtype) return;
  throw DTypeError(
      fmt::format("{}: dtypes differ: {} and {}; expected the same. Use cast on one of them.", op,
                  a.text(), b.text()));
}

void require_rank(std::string_view op, const Spec& x, std::int64_t rank,
                  std::string_view expected) {
  if (x.shape.rank() == rank) return;
  throw ShapeError(fmt::format("{}: input has rank {}, {}; expected {}", op, x.shape.rank(),
                               x.text(), expected));
}

}  // namespace keratin
