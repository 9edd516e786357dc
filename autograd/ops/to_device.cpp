#include "autograd/ops/to_device.h"

#include "autograd/op.h"

namespace keratin {
namespace {

struct ToDevice {
  struct Args {
    Device device;
  };
  static constexpr std::string_view name = "to_device";
  static constexpr Keep keep{};
  static Tensor view(const Tensor& x, const Args& a) { return x.to(a.device); }
  static auto gradient(const auto& saved, const Args&, const auto& dy) {
    return grads(to_device(dy, saved.spec(0).device));
  }
};

}  // namespace

Tensor to_device(const Tensor& x, Device device) { return x.to(device); }
Variable to_device(const Variable& x, Device device) { return apply<ToDevice>({device}, x); }

}  // namespace keratin
