// Where the layers of a model compute.
#pragma once

#include <optional>

#include "autograd/variable.h"
#include "tensor/device.h"

namespace keratin::detail {

/// While one lives, layers that are called on this thread compute on this device, those apart that
/// work on the CPU only: each is given its inputs where it computes. So it is inside of a model;
/// outside of any nothing moves by itself.
class Placement {
 public:
  explicit Placement(Device device);
  ~Placement();
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  /// The innermost that lives on this thread.
  static std::optional<Device> current();

 private:
  std::optional<Device> before_;
};

/// x on this device, with its mask; where it is moved, recorded. Strings stay on the CPU.
Variable placed(const Variable& x, Device device);

}  // namespace keratin::detail
