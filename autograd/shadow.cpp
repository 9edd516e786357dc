#include "autograd/shadow.h"

#include <mutex>

#include "autograd/ops/cast.h"
#include "autograd/tape.h"
#include "kernels/cast/cast.h"
#include "kernels/device_run.h"
#include "tensor/recording.h"

namespace keratin::detail {
namespace {

std::mutex mutex;  // predictions of several threads may meet the same stale shadow

bool is_there(const VariableImpl& weight) {
  return weight.shadow.value.defined() && weight.shadow.of.shares_storage_with(weight.value);
}

void write(VariableImpl& weight) {
  Shadow& shadow = weight.shadow;
  kernels::run(shadow.value.stream(), kernels::cast_ladder<float, BFloat16>,
               weight.value.on_device<float>(), shadow.value.mutable_on_device<BFloat16>(),
               kernels::CastShape{weight.value.size()});
  shadow.value.mark_changed();
  shadow.version = weight.value.version();
}

}  // namespace

bool takes_shadow(const Variable& x) {
  return x.requires_grad() && x.is_leaf() && x.dtype() == float32 && !x.value().device().is_cpu();
}

Variable shadow_of(const Variable& x) {
  VariableImpl& weight = *x.impl();
  {
    const std::lock_guard lock(mutex);
    if (!is_there(weight)) {
      // What a recorded step takes goes back at its end.
      if (Recording::current() != nullptr) return cast(x, bfloat16);
      weight.shadow = {Tensor::empty(x.shape(), bfloat16, x.value().device()), weight.value};
      write(weight);
    } else if (weight.shadow.version != weight.value.version()) {
      write(weight);
    }
  }
  return cast_to(x, weight.shadow.value);
}

void refresh_shadow(const Variable& x) {
  VariableImpl& weight = *x.impl();
  const std::lock_guard lock(mutex);
  if (is_there(weight) && weight.shadow.version != weight.value.version()) write(weight);
}

BFloat16* shadow_to_write(const Variable& x) {
  VariableImpl& weight = *x.impl();
  return is_there(weight) ? weight.shadow.value.mutable_on_device<BFloat16>() : nullptr;
}

void shadow_was_written(const Variable& x) {
  VariableImpl& weight = *x.impl();
  if (!is_there(weight)) return;
  weight.shadow.value.mark_changed();
  weight.shadow.version = weight.value.version();
}

}  // namespace keratin::detail
