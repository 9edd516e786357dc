#include "nn/placement.h"

#include <utility>

#include "autograd/ops/to_device.h"
#include "autograd/tape.h"
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
