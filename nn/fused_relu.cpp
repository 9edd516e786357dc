#include "nn/fused_relu.h"

#include <utility>

#include "nn/mask.h"

namespace keratin::detail {
namespace {

thread_local FusedRelu* offered = nullptr;

}  // namespace

FusedRelu::FusedRelu(const Layer& layer, Variable residual)
    : layer_(layer), residual_(std::move(residual)), before_(std::exchange(offered, this)) {}
FusedRelu::~FusedRelu() { offered = before_; }

FusedRelu* FusedRelu::to(const Layer& layer) {
  return offered != nullptr && &offered->layer_ == &layer ? offered : nullptr;
}

bool FusedRelu::take(const Variable& x) {
  taken_ = !residual_.defined() ||
           (residual_.shape() == x.shape() && residual_.dtype() == x.dtype() &&
            residual_.value().device() == x.value().device() && !mask_of(residual_).defined());
  return taken_;
}

}  // namespace keratin::detail
