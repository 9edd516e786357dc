#include "nn/layers/input_layer.h"

namespace keratin::layers {

InputLayerImpl::InputLayerImpl(Spec spec, const std::string& name) : spec_(std::move(spec)) {
  if (!name.empty()) set_name(name);
  set_autocast(false);
}

std::vector<Spec> InputLayerImpl::output_specs(const std::vector<Spec>&) { return {spec_}; }

}  // namespace keratin::layers
