#include "nn/placement.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "autograd/ops/to_device.h"
#include "autograd/tape.h"
#include "nn/layer.h"
#include "nn/mask.h"

namespace keratin::detail {
namespace {

thread_local std::optional<Device> placement;

}  // namespace

Placement::Placement(Device device) : before_(std::exchange(placement, device)) {}
Placement::~Placement() { placement = before_; }
std::optional<Device> Placement::current() { return placement; }

Variable placed(const Variable& x, Device device) {
  if (!x.defined() || x.value().device() == device || x.dtype() == string) return x;
  const Variable there =
      x.requires_grad() ? to_device(x, device) : Variable(x.value().to(device), false);
  if (x.impl()->mask.defined()) attach_mask(there, x.impl()->mask.to(device));
  return there;
}

}  // namespace keratin::detail

namespace keratin {

Variables Layer::placed_inputs(const Variables& x) const {
  const std::optional<Device> model = detail::Placement::current();
  const bool bound = cpu_only_ || !weights_.empty();
  if (!model && !bound) return x;
  bool strings = false, elsewhere = false;
  const Device here = bound ? device_ : *model;
  for (const auto& [name, input] : x.entries()) {
    strings |= input.dtype() == string;
    elsewhere |= input.value().device() != here;
  }
  if (!elsewhere && (!model || !bound || cpu_only_ || here == *model)) return x;
  if (!model) {
    std::string given;
    for (const auto& [name, input] : x.entries()) {
      given += fmt::format("{}{} on {}", given.empty() ? "" : ", ", input.value().spec().text(),
                           input.value().device().text());
    }
    throw DeviceError(fmt::format("{}: called on {}; {} {}. Use .to(\"{}\") on its input.", label(),
                                  given, cpu_only_ ? "it computes on" : "its weights are on",
                                  here.text(), here.text()));
  }
  if (!cpu_only_ && here != *model) {
    throw DeviceError(fmt::format(
        "{}: its weights are on {}, those of the model around it on {}; expected one device. Build "
        "all of a model's layers under one set_device.",
        label(), here.text(), model->text()));
  }
  if (strings) return x;  // whatever reads them reads the others where they are
  return x.map([&](const Variable& input) { return detail::placed(input, here); });
}

}  // namespace keratin
